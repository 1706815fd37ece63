using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Thaw.Interop.Tests;

/// <summary><c>thaw relay</c> on loopback, to be sent signals.</summary>
internal sealed partial class SignalledRelay : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private SignalledRelay(Process process, JsonElement started)
    {
        (_process, Started, Port) = (process, started, started.GetProperty("port").GetUInt16());
        _process.ErrorDataReceived += (_, line) => { if (line.Data is { } text) Log.Enqueue(text); };
        _process.BeginErrorReadLine();
    }

    public ushort Port { get; }

    public JsonElement Started { get; }

    public int ProcessId => _process.Id;

    public ConcurrentQueue<string> Log { get; } = new();

    public bool HasEnded => _process.HasExited;

    public static Task<SignalledRelay> StartAsync(params string[] arguments) => StartAtAsync(0, ["--no-tcp", .. arguments]);

    /// <summary>At a port, such as that of one that is gone; 0 takes a free one. By TCP too.</summary>
    public static async Task<SignalledRelay> StartAtAsync(ushort port, params string[] arguments)
    {
        string[] line = ["relay", "--json", "--listen", "127.0.0.1", "--port", $"{port}", "--allow-peer", "127.0.0.0/8", "--unproven-rate", "10000", .. arguments];
        var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "thaw"), line) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string first = await process.StandardOutput.ReadLineAsync().WaitAsync(Limit)
            ?? throw new InvalidOperationException($"thaw ended: {await process.StandardError.ReadToEndAsync()}");
        return new SignalledRelay(process, JsonElement.Parse(first));
    }

    public void Signal(int number)
    {
        if (!_process.HasExited) _ = kill(_process.Id, number);
    }

    /// <summary>Waits until the log has a line with it.</summary>
    public async Task SaidAsync(string text)
    {
        for (var waited = TimeSpan.Zero; !Log.Any(line => line.Contains(text, StringComparison.Ordinal)); waited += TimeSpan.FromMilliseconds(20))
        {
            if (waited > Limit) throw new TimeoutException($"Never said \"{text}\", but:\n{string.Join('\n', Log)}");
            await Task.Delay(20);
        }
    }

    public async Task<int> EndedAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [LibraryImport("libc")]
    private static partial int kill(int processId, int signal);
}
