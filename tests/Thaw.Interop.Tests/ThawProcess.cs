using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Thaw.Interop.Tests;

/// <summary>The real executable, as a user starts it, on free loopback ports.</summary>
internal sealed partial class ThawProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private ThawProcess(Process process, JsonElement started)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
        Url = new Uri(started.GetProperty("url").GetString()!);
        UdpPort = started.GetProperty("udpPort").GetInt32();
        Started = started;
    }

    /// <summary>The page: http://…/client/.</summary>
    public Uri Url { get; }

    public int UdpPort { get; }

    public JsonElement Started { get; }

    public Process Process => _process;

    public Uri At(string path) => new(Url, path);

    /// <param name="arguments">After <c>thaw serve --port 0 --udp-port 0 --json</c>.</param>
    /// <param name="prefix">A command to run it with, such as <c>ip netns exec NAME</c>.</param>
    public static async Task<ThawProcess> ServeAsync(IReadOnlyList<string> arguments, CancellationToken cancel, params string[] prefix)
    {
        string[] line = [.. prefix, Path.Combine(AppContext.BaseDirectory, "thaw"), "serve", "--port", "0", "--udp-port", "0", "--json", .. arguments];
        var process = Process.Start(new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

        try
        {
            string first = await process.StandardOutput.ReadLineAsync(cancel).AsTask().WaitAsync(StartLimit, cancel)
                ?? throw new InvalidOperationException($"thaw ended: {await process.StandardError.ReadToEndAsync(cancel)}");
            return new ThawProcess(process, JsonDocument.Parse(first).RootElement.Clone());
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>What Ctrl-C does. Returns the exit code; a process that does not stop is killed and that is -1.</summary>
    public async Task<int> InterruptAsync()
    {
        const int Sigint = 2;
        if (kill(_process.Id, Sigint) != 0) return _process.HasExited ? _process.ExitCode : -1;
        try
        {
            await _process.WaitForExitAsync().WaitAsync(StopLimit);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            return -1;
        }
    }

    public Task<string> ErrorsAsync() => _errors;

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await InterruptAsync();
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    [LibraryImport("libc")]
    private static partial int kill(int processId, int signal);
}
