using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Thaw.Interop.Tests;

/// <summary><c>thaw relay</c> as a user starts it, in a network namespace, beside coturn's echoing peer.</summary>
internal sealed class RelayProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(90);

    private readonly NetworkNamespace _network;
    private readonly Process _relay;
    private readonly Process _peer;
    private readonly DirectoryInfo _files;

    private RelayProcess(NetworkNamespace network, Process relay, Process peer, DirectoryInfo files)
    {
        (_network, _relay, _peer, _files) = (network, relay, peer, files);
        _relay.ErrorDataReceived += (_, line) => { if (line.Data is { } text) Log.Enqueue(text); };
        _relay.BeginErrorReadLine();
    }

    public ConcurrentQueue<string> Log { get; } = new();

    public JsonElement Started { get; private init; }

    public int ProcessId => _relay.Id;

    /// <summary>Listens at 127.0.0.1 and ::1 on the usual ports.</summary>
    public static Task<RelayProcess> StartAsync(params string[] arguments) => StartWhereAsync("", arguments);

    /// <param name="configuration">Lines for <c>ip</c> before it starts.</param>
    public static async Task<RelayProcess> StartWhereAsync(string configuration, params string[] arguments)
    {
        string peerPath = Executables.Find("turnutils_peer", "coturn");
        var network = await NetworkNamespace.CreateAsync();
        await network.ConfigureAsync(configuration);
        var files = Directory.CreateTempSubdirectory("thaw-relay-");
        string[] certificate = WriteCertificate(files.FullName);
        string[] line =
        [
            .. network.Prefix, Path.Combine(AppContext.BaseDirectory, "thaw"), "relay", "--json", "--listen", "127.0.0.1", "--listen", "::1",
            .. certificate, "--unproven-rate", "10000", "--drain-seconds", "0", .. arguments,
        ];
        var relay = Start(line);
        var peer = Start([.. network.Prefix, peerPath, "-L", "127.0.0.1", "-L", "::1"]);
        string first = await relay.StandardOutput.ReadLineAsync().WaitAsync(StartLimit)
            ?? throw new InvalidOperationException($"thaw ended: {await relay.StandardError.ReadToEndAsync()}");
        return new RelayProcess(network, relay, peer, files) { Started = JsonDocument.Parse(first).RootElement.Clone() };
    }

    public Task<T> InsideAsync<T>(Func<T> work) => _network.InsideAsync(work);

    /// <summary>Runs one of coturn's tools beside it.</summary>
    public Task<(int ExitCode, string Output)> RunAsync(string tool, string arguments, string package = "coturn") => RunAsync([Executables.Find(tool, package), .. arguments.Split(' ')]);

    /// <summary>Runs another <c>thaw</c> beside it.</summary>
    public Task<(int ExitCode, string Output)> RunThawAsync(string arguments) => RunAsync([Path.Combine(AppContext.BaseDirectory, "thaw"), .. arguments.Split(' ')]);

    /// <summary>Asks its admin port, which has to be 9641; the body of the answer.</summary>
    public async Task<string> GetAsync(string path)
    {
        string script = $"exec 3<>/dev/tcp/127.0.0.1/9641; printf 'GET {path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3; cat <&3";
        var (code, output) = await RunAsync(["bash", "-c", script]);
        return code == 0 ? output[(output.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..] : throw new InvalidOperationException(output);
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string[] line)
    {
        using var process = Start([.. _network.Prefix, .. line]);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(RunLimit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
        }

        return (process.HasExited ? process.ExitCode : -1, await output + await errors);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { _relay, _peer })
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await _network.DisposeAsync();
        _files.Delete(recursive: true);
    }

    private static Process Start(string[] line)
        => Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static string[] WriteCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        (string cert, string pem) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        File.WriteAllText(cert, certificate.ExportCertificatePem());
        File.WriteAllText(pem, key.ExportPkcs8PrivateKeyPem());
        return ["--cert", cert, "--key", pem];
    }
}
