using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Thaw.Interop.Tests.Networks;

/// <summary>Somebody else's STUN and TURN server, by UDP, TCP and TLS, in the lab's internet.</summary>
internal sealed class Coturn : IAsyncDisposable
{
    public const string Username = "thaw", Password = "relay";

    public const int Port = 3478, TlsPort = 443;

    /// <summary>Stands for <see cref="CertificateFile"/> in the flags of a server.</summary>
    public const string Certificate = "CERTIFICATE";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10), Again = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;
    private readonly string _folder;

    private Coturn(Process process, string folder, string keyHash) => (_process, _folder, KeyHash) = (process, folder, keyHash);

    /// <summary>Of its certificate's key, as Chromium's --ignore-certificate-errors-spki-list takes it.</summary>
    public string KeyHash { get; }

    /// <summary>Its certificate, for who is to trust it.</summary>
    public string CertificateFile => Path.Combine(_folder, "cert.pem");

    public static async Task<Coturn> StartAsync(Lab lab)
    {
        string program = Executables.Find("turnserver", "coturn");
        string folder = Directory.CreateTempSubdirectory("thaw-coturn-").FullName;
        string keyHash = await MakeCertificateAsync(folder);
        string[] line =
        [
            .. lab.Internet.Prefix, program, "-n", "--no-cli", "--listening-ip", Lab.RelayAddress, "--relay-ip", Lab.RelayAddress,
            "--listening-port", Text(Port), "--tls-listening-port", Text(TlsPort), "--cert", Path.Combine(folder, "cert.pem"), "--pkey", Path.Combine(folder, "key.pem"),
            "--lt-cred-mech", "--user", $"{Username}:{Password}", "--realm", "thaw.example", "--no-dtls", "--pidfile", Path.Combine(folder, "pid"), "--log-file", "stdout",
        ];
        var process = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEndAsync();
        var coturn = new Coturn(process, folder, keyHash);
        try
        {
            await coturn.UntilListeningAsync(lab).WaitAsync(StartLimit);
            return coturn;
        }
        catch
        {
            await coturn.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().WaitAsync(StartLimit);
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<string> MakeCertificateAsync(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=relay.example", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(Lab.RelayAddress));
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        return Convert.ToBase64String(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
    }

    private async Task UntilListeningAsync(Lab lab)
    {
        foreach (int port in (int[])[Port, TlsPort])
        {
            while (true)
            {
                try
                {
                    using var socket = await lab.Internet.ConnectAsync(new(IPAddress.Parse(Lab.RelayAddress), port));
                    break;
                }
                catch (SocketException) when (!_process.HasExited)
                {
                    await Task.Delay(Again);
                }
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
