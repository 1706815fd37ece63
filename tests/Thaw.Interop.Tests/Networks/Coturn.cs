using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

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
    private readonly LabCertificate _certificate;

    private Coturn(Process process, LabCertificate certificate) => (_process, _certificate) = (process, certificate);

    public string KeyHash => _certificate.KeyHash;

    /// <summary>Its certificate, for who is to trust it.</summary>
    public string CertificateFile => _certificate.File;

    public static async Task<Coturn> StartAsync(Lab lab)
    {
        string program = Executables.Find("turnserver", "coturn");
        var certificate = await LabCertificate.MakeAsync(Lab.RelayAddress);
        string[] line =
        [
            .. lab.Internet.Prefix, program, "-n", "--no-cli", "--listening-ip", Lab.RelayAddress, "--relay-ip", Lab.RelayAddress,
            "--listening-port", Text(Port), "--tls-listening-port", Text(TlsPort), "--cert", certificate.File, "--pkey", certificate.KeyFile,
            "--lt-cred-mech", "--user", $"{Username}:{Password}", "--realm", "thaw.example", "--no-dtls", "--pidfile", certificate.File + ".pid", "--log-file", "stdout",
        ];
        var process = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEndAsync();
        var coturn = new Coturn(process, certificate);
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
        await _certificate.DisposeAsync();
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
