using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Thaw.Interop.Tests.Networks;

/// <summary><c>thaw relay</c> by UDP, TCP, TLS and DTLS at an address that is not loopback, and those who speak with it beside it.</summary>
internal sealed partial class LabRelay : IAsyncDisposable
{
    public const string Address = "10.77.0.1", Username = "user", Password = "pass"; // the namespace's own

    public const ushort Port = 3478, TlsPort = 5349;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string[] _line;
    private Process? _process;

    private LabRelay(NetworkNamespace network, LabCertificate certificate, string[] line) => (Network, Certificate, _line) = (network, certificate, line);

    public NetworkNamespace Network { get; }

    public LabCertificate Certificate { get; }

    public ConcurrentQueue<string> Log { get; } = new();

    public bool HasEnded => _process!.HasExited;

    public static async Task<LabRelay> StartAsync(params string[] arguments)
    {
        var network = await NetworkNamespace.CreateAsync();
        var certificate = await LabCertificate.MakeIssuedAsync(Address);
        string[] line =
        [
            .. network.Prefix, Path.Combine(AppContext.BaseDirectory, "thaw"), "relay", "--json", "--listen", Address, "--user", $"{Username}:{Password}",
            "--cert", certificate.File, "--key", certificate.KeyFile, "--threads", "2", .. arguments,
        ];
        var relay = new LabRelay(network, certificate, line);
        try
        {
            await relay.StartAgainAsync();
            return relay;
        }
        catch
        {
            await relay.DisposeAsync();
            throw;
        }
    }

    /// <summary>As a browser is told of it.</summary>
    /// <param name="name">Instead of its address, over TLS.</param>
    public static string IceServer(string transport, string name = Address)
    {
        string url = transport is "tls" ? $"turns:{name}:{TlsPort}?transport=tcp" : $"turn:{Address}:{Port}?transport={transport}";
        return $$"""{ "urls": "{{url}}", "username": "{{Username}}", "credential": "{{Password}}" }""";
    }

    public static ushort PortOf(string transport) => transport is "tls" or "dtls" ? TlsPort : Port;

    public async Task StartAgainAsync()
    {
        _process?.Dispose();
        _process = Process.Start(new ProcessStartInfo(_line[0], _line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _process.ErrorDataReceived += (_, line) => { if (line.Data is { } text) Log.Enqueue(text); };
        _process.BeginErrorReadLine();
        if (await _process.StandardOutput.ReadLineAsync().WaitAsync(Limit) is null) throw new InvalidOperationException($"thaw ended: {string.Join('\n', Log)}");
    }

    /// <summary>SIGKILL: nothing is said, nothing is written down.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync().WaitAsync(Limit);
    }

    public void Signal(int number) => _ = kill(_process!.Id, number);

    public async Task SaidAsync(string text)
    {
        for (var waited = Stopwatch.StartNew(); !Log.Any(line => line.Contains(text, StringComparison.Ordinal)); await Task.Delay(20))
            if (waited.Elapsed > Limit) throw new TimeoutException($"Never said \"{text}\", but:\n{string.Join('\n', Log)}");
    }

    public async Task<int> EndedAsync()
    {
        await _process!.WaitForExitAsync().WaitAsync(Limit);
        return _process.ExitCode;
    }

    /// <summary>Starts a client beside it.</summary>
    public Process Start(params string[] line)
    {
        string[] whole = [.. Network.Prefix, .. line];
        return Process.Start(new ProcessStartInfo(whole[0], whole[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    /// <summary>What a client that ends by itself has printed.</summary>
    public async Task<string> RunAsync(params string[] line)
    {
        using var process = Start(line);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Limit);
        await process.WaitForExitAsync().WaitAsync(Limit);
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{line[0]}: exit {process.ExitCode}\n{output}{await errors}\nThe relay says:\n{string.Join('\n', Log)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync().WaitAsync(Limit);
            process.Dispose();
        }

        await Network.DisposeAsync();
        await Certificate.DisposeAsync();
    }

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [LibraryImport("libc")]
    private static partial int kill(int processId, int signal);
}
