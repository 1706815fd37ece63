using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Thaw.Relay.Admin;

/// <summary>What the process costs, by the names that Prometheus' own clients use.</summary>
public sealed class ProcessMetrics : IDisposable
{
    private readonly DateTimeOffset _began = new(Process.GetCurrentProcess().StartTime);
    private readonly string _version = typeof(ProcessMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public ProcessMetrics()
    {
        Meter.CreateObservableUpDownCounter("thaw.build.info", () => new Measurement<int>(1, new Tag("version", _version)), null, "Which version runs; always 1.");
        Meter.CreateObservableCounter("process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Time on processors, all threads together.");
        Meter.CreateObservableUpDownCounter("process.resident_memory", () => Environment.WorkingSet, "By", "Memory that the process has.");
        Meter.CreateObservableUpDownCounter("process.start_time", () => _began.ToUnixTimeMilliseconds() / 1000.0, "s", "When it began, in Unix time.");
        Meter.CreateObservableUpDownCounter("process.max_fds", MaxFiles, null, "Files that it may have open. Each relayed address is one, and so is each stream.");
        Meter.CreateObservableCounter("dotnet.gc.collections", Collections, null, "Garbage collections, by generation.");
        Meter.CreateObservableCounter("dotnet.gc.pause.time", () => GC.GetTotalPauseDuration().TotalSeconds, "s", "Time that all threads stood still for the collector.");
        Meter.CreateObservableCounter("dotnet.gc.heap.allocated", () => GC.GetTotalAllocatedBytes(), "By", "Memory allocated on the managed heap.");
    }

    public Meter Meter { get; } = new("Thaw.Process");

    public void Dispose() => Meter.Dispose();

    private static IEnumerable<Measurement<long>> Collections()
        => Enumerable.Range(0, GC.MaxGeneration + 1).Select(generation => new Measurement<long>(GC.CollectionCount(generation), new Tag("generation", $"gen{generation}")));

    // "Max open files            1024                 524288               files": the first number is the one that binds.
    private static IEnumerable<Measurement<long>> MaxFiles()
    {
        string? line = OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) : null;
        if (line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..] && long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long most))
            yield return new(most);
    }
}
