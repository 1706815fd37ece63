using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>OpenSSL's own command line as the peer, over loopback UDP: the exported key block must be the same bytes.</summary>
public sealed partial class OpenSslTests
{
    private const string Gcm = "SRTP_AEAD_AES_128_GCM", Sha1 = "SRTP_AES128_CM_SHA1_80";

    [Theory]
    [InlineData(Gcm, 56, false, "")]
    [InlineData(Sha1, 60, false, "")]
    [InlineData(Gcm, 56, false, "-mtu 256")]
    [InlineData(Gcm, 56, true, "")]
    [InlineData(Gcm, 56, false, "-cipher ECDHE-ECDSA-AES256-GCM-SHA384")]
    [InlineData(Gcm, 56, false, "-groups X25519:P-256")] // we must not take the client's first, which is slow here
    public async Task S_client_and_our_server_export_the_same_keys(string profile, int length, bool rsa, string options)
    {
        using var certificate = PeerCertificate.Create(rsa);
        using var host = new BouncyCastleDtls();
        host.WarmUp();
        using var server = new UdpEngine(host, DtlsRole.Server, certificate.Fingerprint, IPAddress.Loopback);
        using var openssl = StartOpenSsl(
            $"s_client -dtls1_2 -connect 127.0.0.1:{server.Port} -cert {certificate.Path} -use_srtp {profile} " +
            $"-keymatexport EXTRACTOR-dtls_srtp -keymatexportlen {length} {options}");

        var keys = server.RunUntilConnected();
        openssl.StandardInput.WriteLine("hello from openssl");
        Assert.Equal("hello from openssl\n", server.RunUntilData());
        openssl.StandardInput.Close(); // s_client says close_notify and leaves
        string printed = await openssl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        byte[] block = [.. keys.RemoteMasterKey, .. keys.LocalMasterKey, .. keys.RemoteMasterSalt, .. keys.LocalMasterSalt];
        Assert.Equal(Convert.ToHexString(block), KeyingMaterial().Match(printed).Groups[1].Value);
        server.RunUntil(e => e is DtlsEvent.Closed);
    }

    [Fact]
    public async Task Our_client_and_s_server_export_the_same_keys()
    {
        using var certificate = PeerCertificate.Create(rsa: false);
        using var host = new BouncyCastleDtls();
        int port = FreePort();
        using var openssl = StartOpenSsl(
            $"s_server -dtls1_2 -accept 127.0.0.1:{port} -cert {certificate.Path} -use_srtp {Gcm} -Verify 1 " +
            "-keymatexport EXTRACTOR-dtls_srtp -keymatexportlen 56");
        using var client = new UdpEngine(host, DtlsRole.Client, certificate.Fingerprint, IPAddress.Loopback, port);

        var keys = client.RunUntilConnected();
        byte[] block = [.. keys.LocalMasterKey, .. keys.RemoteMasterKey, .. keys.LocalMasterSalt, .. keys.RemoteMasterSalt];
        string? line;
        do line = await openssl.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        while (line is not null && !KeyingMaterial().IsMatch(line));
        Assert.Equal(Convert.ToHexString(block), KeyingMaterial().Match(line!).Groups[1].Value);

        openssl.StandardInput.WriteLine("hello from openssl");
        Assert.Equal("hello from openssl\n", client.RunUntilData());
    }

    [Fact]
    public void S_client_with_another_certificate_is_refused()
    {
        using var certificate = PeerCertificate.Create(rsa: false);
        using var other = PeerCertificate.Create(rsa: false);
        using var host = new BouncyCastleDtls();
        using var server = new UdpEngine(host, DtlsRole.Server, other.Fingerprint, IPAddress.Loopback);
        using var openssl = StartOpenSsl($"s_client -dtls1_2 -connect 127.0.0.1:{server.Port} -cert {certificate.Path} -use_srtp {Gcm}");

        var failed = Assert.IsType<DtlsEvent.Failed>(server.RunUntil(e => e is DtlsEvent.Failed));
        Assert.Equal(DtlsFailure.FingerprintMismatch, failed.Reason);
    }

    [GeneratedRegex("Keying material: ([0-9A-F]+)")]
    private static partial Regex KeyingMaterial();

    private static OpenSslProcess StartOpenSsl(string arguments)
    {
        try
        {
            return new OpenSslProcess(Process.Start(new ProcessStartInfo("openssl", arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("openssl is not installed");
            throw;
        }
    }

    private static int FreePort()
    {
        using var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.Client.LocalEndPoint!).Port;
    }

    private sealed class OpenSslProcess : IDisposable
    {
        private readonly Process _process;

        public OpenSslProcess(Process process)
        {
            _process = process;
            _process.ErrorDataReceived += (_, _) => { }; // a full pipe would stop it
            _process.BeginErrorReadLine();
        }

        public StreamWriter StandardInput => _process.StandardInput;
        public StreamReader StandardOutput => _process.StandardOutput;

        public void Dispose()
        {
            if (!_process.HasExited) _process.Kill();
            _process.Dispose();
        }
    }

    private sealed class PeerCertificate : IDisposable
    {
        private PeerCertificate(X509Certificate2 certificate, AsymmetricAlgorithm key)
        {
            File.WriteAllText(Path, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
            Fingerprint = CertificateFingerprint.Sha256Of(certificate.RawData);
        }

        public string Path { get; } = System.IO.Path.GetTempFileName();
        public CertificateFingerprint Fingerprint { get; }

        public static PeerCertificate Create(bool rsa)
        {
            using AsymmetricAlgorithm key = rsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = key is RSA r
                ? new CertificateRequest("CN=peer", r, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                : new CertificateRequest("CN=peer", (ECDsa)key, HashAlgorithmName.SHA256);
            var now = DateTimeOffset.UtcNow;
            using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            return new PeerCertificate(certificate, key);
        }

        public void Dispose() => File.Delete(Path);
    }

    /// <summary>One engine on one socket and the real clock, driven by the test's own thread.</summary>
    private sealed class UdpEngine : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly IDtlsEngine _engine;
        private readonly byte[] _buffer = new byte[Output.BufferLength];
        private readonly Queue<string> _data = new();
        private readonly Queue<DtlsEvent> _events = new();
        private EndPoint? _peer;

        public UdpEngine(BouncyCastleDtls host, DtlsRole role, CertificateFingerprint peer, IPAddress address, int? peerPort = null)
        {
            _socket.Bind(new IPEndPoint(address, 0));
            if (peerPort is { } port) _peer = new IPEndPoint(address, port);
            _engine = host.Create(new(role, peer, RandomNumberGenerator.Create()));
            _engine.Start(Now);
            Drain();
        }

        public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

        private static Instant Now => new(Stopwatch.GetElapsedTime(0).Ticks);

        public SrtpKeyingMaterial RunUntilConnected()
        {
            var first = RunUntil(_ => true);
            return first is DtlsEvent.Connected connected ? connected.Keys : throw new InvalidOperationException($"{first}");
        }

        public DtlsEvent RunUntil(Func<DtlsEvent, bool> expected)
        {
            DtlsEvent? found = null;
            Run(() => _events.TryDequeue(out found) && expected(found));
            return found!;
        }

        public string RunUntilData()
        {
            string? text = null;
            Run(() => _data.TryDequeue(out text));
            return text!;
        }

        private void Run(Func<bool> done)
        {
            var end = Now + Patience;
            while (!done())
            {
                Assert.True(Now < end, "nothing happened in time");
                if (_socket.Poll(TimeSpan.FromMilliseconds(2), SelectMode.SelectRead)) ReceiveOne();
                _engine.Advance(Now);
                Drain();
            }
        }

        private void ReceiveOne()
        {
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            try
            {
                int length = _socket.ReceiveFrom(_buffer, ref from);
                _peer = from;
                _engine.Receive(_buffer.AsSpan(0, length), Now);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset)
            {
                // the peer is not there yet, or not any more; our flight is repeated
            }
        }

        private void Drain()
        {
            byte[] buffer = new byte[Output.BufferLength];
            while (_engine.Poll(buffer, Now) is { Kind: not OutputKind.Idle } output)
            {
                if (output.Kind == OutputKind.Transmit) _socket.SendTo(output.Payload, _peer!);
                else if (output.Kind == OutputKind.Data) _data.Enqueue(System.Text.Encoding.UTF8.GetString(output.Payload));
                else if (output.Value is DtlsEvent e) _events.Enqueue(e);
            }
        }

        public void Dispose()
        {
            _engine.Dispose();
            _socket.Dispose();
        }
    }
}
