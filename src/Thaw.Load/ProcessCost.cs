using System.Diagnostics;
using System.Globalization;

namespace Thaw.Load;

/// <summary>What a process of this machine has used so far.</summary>
internal sealed class ProcessCost : IDisposable
{
    private readonly Process _process;

    /// <exception cref="LoadException">There is none of this number.</exception>
    public ProcessCost(int id)
    {
        try
        {
            _process = Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            throw new LoadException($"There is no process {id}.");
        }
    }

    /// <summary>On-CPU time of all its threads, in nanoseconds. The scheduler's own count on Linux: ticks are far too coarse.</summary>
    public double CpuNanoseconds
    {
        get
        {
            if (OperatingSystem.IsLinux()) return Directory.EnumerateDirectories($"/proc/{_process.Id}/task").Sum(OfThread);
            _process.Refresh();
            return _process.TotalProcessorTime.TotalNanoseconds;
        }
    }

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public void Dispose() => _process.Dispose();

    private static double OfThread(string task)
    {
        try
        {
            return double.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // it has just ended
        }
    }
}
