using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Thaw.Interop.Tests;

/// <summary>The real executable, as a user starts it, on free loopback ports.</summary>
internal sealed partial class ThawProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly Task _reading;
    private TaskCompletionSource _logged = NewSignal();

    private ThawProcess(Process process, JsonElement started)
    {
        _process = process;
        _reading = ReadLogAsync();
        Url = new Uri(started.GetProperty("url").GetString()!);
        UdpPort = started.GetProperty("udpPort").GetInt32();
    }

    /// <summary>http://localhost:PORT/.</summary>
    public Uri Url { get; }

    public int UdpPort { get; }

    public IReadOnlyCollection<string> Log => _log;

    public Uri At(string path) => new(Url, path);

    public static Task<ThawProcess> ServeAsync(string agent) => ServeAsync(agent, 0, 0);

    // Beside other servers of the tests, which cannot all have the usual one.
    private static string[] OwnRelayPort { get; } = ["--relay-port", "0"];

    /// <summary>On the ports of a server that is gone.</summary>
    public static Task<ThawProcess> ServeAgainAsync(ThawProcess gone, string agent) => ServeAsync(agent, gone.Url.Port, gone.UdpPort);

    /// <summary>With more flags than that.</summary>
    public static Task<ThawProcess> ServeAsync(string agent, params string[] more)
        => StartAsync([Path.Combine(AppContext.BaseDirectory, "thaw"), .. Arguments(agent, 0, 0), "--udp-address", "127.0.0.1", .. more.Contains("--relay-port") || more.Contains("--relay") ? [] : OwnRelayPort, .. more]);

    private static Task<ThawProcess> ServeAsync(string agent, int port, int udpPort)
        => StartAsync([Path.Combine(AppContext.BaseDirectory, "thaw"), .. Arguments(agent, port, udpPort), "--udp-address", "127.0.0.1", .. OwnRelayPort]);

    /// <summary>On all addresses of a network namespace.</summary>
    public static Task<ThawProcess> ServeAsync(NetworkNamespace network, string agent)
        => ServeAsync(network, agent, 0, 0);

    public static Task<ThawProcess> ServeAsync(NetworkNamespace network, string agent, int port, int udpPort, params string[] more)
        => StartAsync([.. network.Prefix, Path.Combine(AppContext.BaseDirectory, "thaw"), .. Arguments(agent, port, udpPort), .. more]);

    private static string[] Arguments(string agent, int port, int udpPort) =>
    [
        "serve", "--json", "--agent", agent,
        "--port", port.ToString(CultureInfo.InvariantCulture), "--udp-port", udpPort.ToString(CultureInfo.InvariantCulture),
    ];

    private static async Task<ThawProcess> StartAsync(string[] line)
    {
        var process = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            string first = await process.StandardOutput.ReadLineAsync().WaitAsync(StartLimit)
                ?? throw new InvalidOperationException($"thaw ended: {await process.StandardError.ReadToEndAsync()}");
            return new ThawProcess(process, JsonDocument.Parse(first).RootElement.Clone());
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>The next log line with these words, also one that is there already.</summary>
    public async Task<string> LoggedAsync(string words, TimeSpan limit)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            var signal = Volatile.Read(ref _logged).Task;
            if (_log.FirstOrDefault(l => l.Contains(words, StringComparison.Ordinal)) is { } line) return line;
            var left = limit - Stopwatch.GetElapsedTime(began);
            if (left <= TimeSpan.Zero || _reading.IsCompleted)
                throw new TimeoutException($"\"{words}\" was not logged in {limit.TotalSeconds:0} s:\n{string.Join('\n', _log)}");
            await Task.WhenAny(signal, _reading, Task.Delay(left));
        }
    }

    /// <summary>What Ctrl-C does. Returns the exit code; a process that does not stop is killed and that is -1.</summary>
    public async Task<int> InterruptAsync()
    {
        Signal(Signals.Interrupt);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(StopLimit);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            return -1;
        }
    }

    /// <summary>Without a goodbye.</summary>
    public async Task CrashAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().WaitAsync(StopLimit);
    }

    /// <summary>Still there, answering nothing: what a host behind a dead link looks like.</summary>
    public void Freeze() => Signal(Signals.Stop);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal(Signals.Continue);
            await InterruptAsync();
        }

        _process.Dispose();
    }

    private async Task ReadLogAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            _log.Enqueue(line);
            Interlocked.Exchange(ref _logged, NewSignal()).SetResult();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Signal(int number)
    {
        if (!_process.HasExited) _ = kill(_process.Id, number);
    }

    [LibraryImport("libc")]
    private static partial int kill(int processId, int signal);

    private static class Signals // as Linux numbers them
    {
        public const int Interrupt = 2, Continue = 18, Stop = 19;
    }
}
