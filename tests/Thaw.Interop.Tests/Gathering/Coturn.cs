using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Thaw.Interop.Tests.Gathering;

/// <summary>A coturn of our own on loopback: UDP, TCP and, with a certificate, TLS on one port.</summary>
internal sealed class Coturn : IDisposable
{
    public const string Secret = "a shared secret";

    private readonly string _folder = Directory.CreateTempSubdirectory("thaw-coturn").FullName;
    private readonly string[] _options;
    private Process _process;

    private Coturn(string[] options, int port)
    {
        _options = options;
        Address = new IPEndPoint(IPAddress.Loopback, port);
        _process = Launch();
    }

    public IPEndPoint Address { get; }

    /// <param name="options">Besides what keeps it to itself.</param>
    public static Coturn Start(params string[] options)
    {
        Executables.Find("turnserver", "coturn");
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new Coturn(options, ((IPEndPoint)probe.LocalEndPoint!).Port);
    }

    /// <summary>user and pass.</summary>
    public static Coturn StartWithPassword(params string[] options)
        => Start(["--lt-cred-mech", "-u", "user:pass", "-r", "thaw.test", .. options]);

    /// <summary>A time-limited credential, as the sharer of the secret makes it.</summary>
    public static (string Username, string Password) Lend(TimeSpan lifetime, string secret = Secret)
    {
        string username = $"{(DateTimeOffset.UtcNow + lifetime).ToUnixTimeSeconds()}:thaw";
#pragma warning disable CA5350 // coturn's REST mechanism is HMAC-SHA1.
        return (username, Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(username))));
#pragma warning restore CA5350
    }

    public void Restart()
    {
        Stop();
        _process = Launch();
    }

    public void Dispose()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private Process Launch()
    {
        string pem = Path.Combine(_folder, "server.pem");
        if (!File.Exists(pem)) File.WriteAllText(pem, SelfSigned());
        string port = Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string[] line =
        [
            "-n", "-L", "127.0.0.1", "-E", "127.0.0.1", "-p", port, "--tls-listening-port", port, "--no-dtls", "--no-cli", "--no-rfc5780",
            "--cert", pem, "--pkey", pem, "--min-port", "20000", "--max-port", "29999",
            "-l", Path.Combine(_folder, "log"), "--simple-log", "--pidfile", Path.Combine(_folder, "pid"), .. _options,
        ];
        var process = Process.Start(new ProcessStartInfo("turnserver", line) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(10); Thread.Sleep(50))
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(Address);
                if (AnswersOverUdp()) return process; // which it may listen at a moment later
            }
            catch (SocketException) when (!process.HasExited)
            {
            }
        }

        throw new InvalidOperationException($"turnserver does not listen: {File.ReadAllText(Path.Combine(_folder, "log"))}");
    }

    private bool AnswersOverUdp()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 200 };
        try
        {
            socket.Connect(Address);
            socket.Send([0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, .. new byte[12]]); // a Binding request
            return socket.Receive(new byte[200]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Stop()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=turn.test", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n";
    }
}
