using System.Diagnostics;
using System.Text.Json;

namespace Thaw.Bench.Sessions;

/// <summary>The measured process: this executable once more, alone on the first core where the system can do that.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;
    private volatile Reading? _latest;

    private HostProcess(Process process, Uri url)
    {
        (_process, Url) = (process, url);
        _reading = ReadAsync();
    }

    public Uri Url { get; }

    public static async Task<HostProcess> StartAsync(string agent, int sessions, bool types, bool stuck = false)
    {
        string[] line = [Environment.ProcessPath!, "host", "--agent", agent, "--max-sessions", $"{sessions}", .. types ? ["--types"] : Array.Empty<string>(), .. stuck ? ["--stuck"] : Array.Empty<string>()];
        if (OperatingSystem.IsLinux() && Environment.ProcessorCount > 1) line = ["taskset", "-c", "0", .. line];
        var process = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        string url = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server ended at once.");
        return new(process, new Uri(url));
    }

    /// <summary>The next reading, at most a second and a bit from now.</summary>
    public async Task<Reading> NextAsync()
    {
        var before = _latest;
        while (_latest == before)
        {
            if (_process.HasExited) throw new InvalidOperationException($"The server ended with {_process.ExitCode}.");
            await Task.Delay(10);
        }
        return _latest!;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line) _latest = JsonSerializer.Deserialize<Reading>(line);
    }
}
