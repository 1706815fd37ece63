using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Thaw.Relay.Loop;
using Thaw.Relay.Streams;
using Thaw.Relay.Udp;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>What is spoken on the relay's TCP and TLS ports, by whom, and for how long (RFC 7443).</summary>
public sealed class RelayStreamTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20), Soon = TimeSpan.FromSeconds(1);

    private static readonly RelayHostOptions Options = new()
    {
        Listen = [IPAddress.Loopback],
        Port = 0,
        TlsPort = 0,
        Loops = 1,
        Server = new TurnServerOptions { Users = [new TurnUser("user", "pass")] },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_browser_gets_a_page_and_a_probe_its_head(bool secure)
    {
        using var certificate = Certificate();
        await using var host = RelayHost.Start(Options with { Certificate = () => certificate });
        string page = await SayAsync(host, secure, "GET /any/path?at=all HTTP/1.1\r\nHost: relay.example\r\nCookie: a=b\r\n\r\n");
        string head = await SayAsync(host, secure, "HEAD / HTTP/1.1\r\nHost: relay.example\r\n\r\n");

        string[] parts = page.Split("\r\n\r\n", 2);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", page, StringComparison.Ordinal);
        Assert.Contains($"Content-Length: {Encoding.UTF8.GetByteCount(parts[1]).ToString(CultureInfo.InvariantCulture)}\r\n", page, StringComparison.Ordinal);
        Assert.Contains("This is a TURN relay", parts[1], StringComparison.Ordinal);
        Assert.Equal(parts[0] + "\r\n\r\n", head);
        Assert.Equal(page, await SayAsync(host, secure, "GET / HTTP/1.0\n\n"));
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("GETTING CLOSE\r\n\r\n")]
    public async Task Other_methods_are_not_allowed(string request)
    {
        await using var host = RelayHost.Start(Options);
        Assert.StartsWith("HTTP/1.1 405 ", await SayAsync(host, secure: false, request), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stun.turn", "GET / HTTP/1.1\r\n\r\n", 0)]
    [InlineData("stun.nat-discovery", "GET / HTTP/1.1\r\n\r\n", 0)]
    [InlineData("stun.turn", "binding", 32)]
    [InlineData("stun.nat-discovery", "binding", 32)]
    [InlineData("http/1.1", "binding", 0)]
    [InlineData("http/1.1", "POST / HTTP/1.1\r\n\r\n", 91)]
    [InlineData("", "POST / HTTP/1.1\r\n\r\n", 91)]
    [InlineData("", "binding", 32)]
    public async Task Who_agreed_on_one_protocol_does_not_speak_the_other(string protocol, string message, int answered)
    {
        using var certificate = Certificate();
        await using var host = RelayHost.Start(Options with { Certificate = () => certificate });
        using var socket = await ConnectAsync(host.TlsPort!.Value);
        await using var secure = await SecureAsync(socket, protocol);
        Assert.Equal(protocol, secure.NegotiatedApplicationProtocol.ToString());

        await secure.WriteAsync(message is "binding" ? Binding() : Encoding.ASCII.GetBytes(message), Cancel);
        byte[] answer = new byte[256];
        Assert.Equal(answered, await secure.ReadAsync(answer, Cancel).AsTask().WaitAsync(Enough, Cancel));
    }

    [Fact]
    public async Task Who_offers_only_other_protocols_is_refused()
    {
        using var certificate = Certificate();
        await using var host = RelayHost.Start(Options with { Certificate = () => certificate });
        using var socket = await ConnectAsync(host.TlsPort!.Value);
        await Assert.ThrowsAnyAsync<Exception>(() => SecureAsync(socket, "h2"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\nX: ")]
    [InlineData("\0\x01\0\x08")]
    public async Task A_first_message_that_drips_is_cut_off_at_its_deadline(string beginning)
    {
        await using var host = RelayHost.Start(Options with { StreamDeadlines = new StreamDeadlines { FirstMessage = Soon } });
        using var client = await ConnectAsync(host.Port);
        await client.SendAsync(Encoding.Latin1.GetBytes(beginning), Cancel);
        var closed = IsClosedAsync(client);
        long started = Environment.TickCount64;
        for (int i = 0; i < 100 && !closed.IsCompleted; i++)
        {
            if (beginning.Length > 0 && i < 15)
            {
                try
                {
                    await client.SendAsync("\0"u8.ToArray(), Cancel);
                }
                catch (SocketException)
                {
                    break; // closed it is
                }
            }

            await Task.Delay(100, Cancel);
        }

        Assert.True(await closed);
        Assert.InRange(Environment.TickCount64 - started, 500, 9_000);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", 8192)]
    [InlineData("\0\x01\x10\0", 0)] // a STUN message of 4 KiB
    [InlineData("@\0\0\x04", 0)]     // a channel that nobody can have yet
    public async Task A_first_message_that_is_too_long_is_not_read_to_its_end(string beginning, int more)
    {
        await using var host = RelayHost.Start(Options);
        using var client = await ConnectAsync(host.Port);
        await client.SendAsync(Encoding.Latin1.GetBytes(beginning + new string('x', more)), Cancel);
        Assert.True(await IsClosedAsync(client));
    }

    [Fact]
    public async Task A_client_that_takes_nothing_is_let_go_at_the_write_deadline()
    {
        using var loop = new RelayLoop("test", _ => new PortableEdge(), new Clock(TimeProvider.System), new OpenRelays(), new MovedClients(), new RelayLedger(1, 1),
            new TurnServerOptions(), Options with { StreamDeadlines = new StreamDeadlines { Write = Soon } });
        loop.Start();
        await using var stream = new StuckStream();
        var here = new TransportAddress(IPAddress.Loopback, 1).Over(TransportProtocol.Tcp);
        using var client = new StreamClient(stream, new FiveTuple(here, here), loop, isTls: false);
        var running = client.RunAsync(Cancel);
        client.Send("hello"u8);
        await running.WaitAsync(Enough, Cancel);
        Assert.True(stream.WasWritten);
        loop.Stop();
        await loop.Ended.WaitAsync(Enough, Cancel);
    }

    [Fact]
    public async Task A_browser_that_does_not_take_its_page_is_let_go_as_well()
    {
        await using var stream = new StuckStream();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => HttpPage.AnswerAsync(stream, "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Soon, Cancel).WaitAsync(Enough, Cancel));
    }

    [Fact]
    public async Task Draining_ends_at_its_deadline_though_somebody_is_still_there()
    {
        await using var host = RelayHost.Start(Options);
        using var client = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        client.Connect(IPAddress.Loopback, host.Port);
        byte[] nonce = Value(await AskAsync(client, []), StunAttributeType.Nonce);
        Assert.NotEmpty(Value(await AskAsync(client, nonce), StunAttributeType.XorRelayedAddress));

        for (int i = 0; i < 100 && host.AllocationCount == 0; i++) await Task.Delay(50, Cancel); // counted at the loop's next turn

        var draining = host.DrainAsync(Soon);
        await draining.WaitAsync(Enough, Cancel);
        Assert.Equal(1, host.AllocationCount);
    }

    [Fact]
    public async Task An_accept_that_fails_is_tried_again_after_a_moment()
    {
        using var loop = new RelayLoop("test", _ => new PortableEdge(), new Clock(TimeProvider.System), new OpenRelays(), new MovedClients(), new RelayLedger(1, 1), new TurnServerOptions(), Options);
        loop.Start();
        int failures = 0;
        using var listener = new StreamListener(new IPEndPoint(IPAddress.Loopback, 0), [loop], new SemaphoreSlim(10), certificate: null)
        {
            Accept = (socket, cancel) => ++failures <= 3 ? throw new SocketException((int)SocketError.TooManyOpenSockets) : socket.AcceptAsync(cancel),
        };
        listener.Start();
        using var client = await ConnectAsync((ushort)listener.Local.Port);
        await client.SendAsync(Binding(), Cancel);
        Assert.Equal(32, await client.ReceiveAsync(new byte[64], Cancel).AsTask().WaitAsync(Enough, Cancel));
        Assert.True(failures > 3);
        loop.Stop();
        await loop.Ended.WaitAsync(Enough, Cancel);
    }

    [Fact]
    public async Task The_last_file_descriptors_are_not_given_away_and_once_there_are_more_clients_are_served_again()
    {
        await using var relay = await RelayProcess.StartAsync("--user", "user:pass");
        string pid = relay.ProcessId.ToString(CultureInfo.InvariantCulture);
        var used = Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Select(file => int.Parse(Path.GetFileName(file), CultureInfo.InvariantCulture)).ToHashSet();
        int[] free = [.. Enumerable.Range(0, 1024).Where(file => !used.Contains(file))];
        await LimitAsync(free.First(file => file > 64 && free.Count(other => other < file) > 40)); // enough for the runtime
        var held = new List<Socket>();
        do held.Add(await AskAsync());
        while (held.Count < 40 && await IsAnsweredAsync(held[^1]));
        Assert.InRange(held.Count, 1, 39);
        var (code, output) = await relay.RunAsync("turnutils_uclient", "-u user -w pass -c -e 127.0.0.1 -n 2 -m 1 -X 127.0.0.1");
        Assert.True(code != 0 && output.Contains("error 508", StringComparison.Ordinal), output);

        await LimitAsync(1024);
        held.ForEach(socket => socket.Dispose());
        using var served = await AskAsync();
        Assert.True(await IsAnsweredAsync(served));

        static async Task<bool> IsAnsweredAsync(Socket socket)
        {
            try
            {
                return await socket.ReceiveAsync(new byte[64], Cancel).AsTask().WaitAsync(Enough, Cancel) > 0;
            }
            catch (SocketException)
            {
                return false; // reset, with what it has not read
            }
        }

        Task<Socket> AskAsync() => relay.InsideAsync(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, 3478);
            socket.Send(Binding());
            return socket;
        });

        async Task LimitAsync(int limit)
        {
            using var setting = System.Diagnostics.Process.Start(Executables.Find("prlimit", "util-linux"), ["--pid", pid, $"--nofile={limit.ToString(CultureInfo.InvariantCulture)}:"]);
            await setting.WaitForExitAsync(Cancel);
            Assert.Equal(0, setting.ExitCode);
        }
    }

    [Theory]
    [InlineData(false, "ECDHE-ECDSA-AES128-GCM-SHA256")]
    [InlineData(true, "ECDHE-RSA-AES128-GCM-SHA256")]
    public async Task OpenSSL_agrees_on_TURN_over_DTLS_and_sees_the_whole_chain(bool rsa, string suite)
    {
        using var root = Certificate(rsa, "issuer");
        using var issuer = Certificate(rsa, "issuer", root, "issuer of relays");
        using var certificate = Certificate(rsa, "relay", issuer);
        await using var host = RelayHost.Start(Options with { Certificate = () => certificate, Intermediates = () => [issuer] });
        string output = await OpenSslAsync($"s_client -dtls1_2 -connect 127.0.0.1:{host.DtlsPort} -alpn stun.turn -showcerts");
        Assert.Contains($"Cipher is {suite}", output, StringComparison.Ordinal);
        Assert.Contains("ALPN protocol: stun.turn", output, StringComparison.Ordinal);
        Assert.Equal(2, output.Split("-----BEGIN CERTIFICATE-----").Length - 1 - (output.Contains("Server certificate\n-----BEGIN", StringComparison.Ordinal) ? 1 : 0));

        output = await OpenSslAsync($"s_client -connect 127.0.0.1:{host.TlsPort} -alpn stun.turn -showcerts");
        Assert.Contains("ALPN protocol: stun.turn", output, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(issuer.RawData)[..40], output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_over_DTLS_too()
    {
        using X509Certificate2 one = Certificate(name: "one"), two = Certificate(name: "two");
        var current = one;
        await using var host = RelayHost.Start(Options with { Certificate = () => current });
        Assert.Contains("CN = one", await OpenSslAsync($"s_client -dtls1_2 -connect 127.0.0.1:{host.DtlsPort}"), StringComparison.Ordinal);
        current = two;
        Assert.Contains("CN = two", await OpenSslAsync($"s_client -dtls1_2 -connect 127.0.0.1:{host.DtlsPort}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DTLS_can_be_switched_off()
    {
        using var certificate = Certificate();
        await using var host = RelayHost.Start(Options with { Certificate = () => certificate, ListensOnDtls = false });
        Assert.Null(host.DtlsPort);
        using var free = new UdpClient(new IPEndPoint(IPAddress.Loopback, host.TlsPort!.Value));
    }

    [Fact]
    public void Discovery_behind_an_external_address_would_not_be_true()
        => Assert.Contains("--external-ip", Assert.Throws<RelayHostException>(() => RelayHost.Start(Options with { BehaviourPort = 0, ExternalAddresses = [IPAddress.Parse("203.0.113.7")] })).Message, StringComparison.Ordinal);

    private static async Task<string> OpenSslAsync(string arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Executables.Find("openssl", "openssl"), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(Cancel);
        string output = await process.StandardOutput.ReadToEndAsync(Cancel).WaitAsync(Enough, Cancel);
        return output + await errors;
    }

    private static async Task<string> SayAsync(RelayHost host, bool secure, string request)
    {
        using var socket = await ConnectAsync(secure ? host.TlsPort!.Value : host.Port);
        await using Stream stream = secure ? await SecureAsync(socket, "") : new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Cancel);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancel).WaitAsync(Enough, Cancel);
    }

    private static async Task<SslStream> SecureAsync(Socket socket, string protocol)
    {
#pragma warning disable CA5359 // Which certificate it is, is not the question.
        var secure = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        var options = new SslClientAuthenticationOptions { TargetHost = "localhost" };
        if (protocol.Length > 0) options.ApplicationProtocols = [new SslApplicationProtocol(protocol)];
        await secure.AuthenticateAsClientAsync(options, Cancel).WaitAsync(Enough, Cancel);
        return secure;
    }

    private static byte[] Binding() => new StunWriter(new byte[64], StunMethod.Binding, StunClass.Request, new TransactionId(1, 2)).Finish().ToArray();

    private static async Task<byte[]> AskAsync(UdpClient client, byte[] nonce)
    {
        await client.SendAsync(Compose(), Cancel);
        return (await client.ReceiveAsync(Cancel).AsTask().WaitAsync(Enough, Cancel)).Buffer;

        byte[] Compose()
        {
            var writer = new StunWriter(new byte[512], StunMethod.Allocate, StunClass.Request, new TransactionId(3, (uint)nonce.Length));
            writer.Add(StunAttributeType.RequestedTransport, 17u << 24);
            if (nonce.Length > 0)
            {
                writer.Add(StunAttributeType.Username, "user"u8);
                writer.Add(StunAttributeType.Realm, "thaw"u8);
                writer.Add(StunAttributeType.Nonce, nonce);
                writer.AddIntegrity(LongTermKey.Derive(PasswordAlgorithm.Md5, "user", "thaw", "pass"));
            }

            return writer.Finish().ToArray();
        }
    }

    private static byte[] Value(byte[] answer, StunAttributeType type)
        => StunReader.TryRead(answer, out var message) is null && message.TryFind(type, out var attribute) ? attribute.Value.ToArray() : [];

    private static Task<Socket> ConnectAsync(ushort port) => Streams.ConnectAsync(port, Enough);

    private static Task<bool> IsClosedAsync(Socket socket) => Streams.IsClosedAsync(socket, Enough);

    private static X509Certificate2 Certificate(bool rsa = false, string name = "relay", X509Certificate2? issuer = null, string? subject = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsaKey = RSA.Create(2048);
        var request = rsa
            ? new CertificateRequest($"CN={subject ?? name}", rsaKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest($"CN={subject ?? name}", key, HashAlgorithmName.SHA256);
        if (name is "issuer") request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        if (issuer is null) return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var signed = request.Create(issuer, issuer.NotBefore, issuer.NotAfter, [1]);
        return rsa ? signed.CopyWithPrivateKey(rsaKey) : signed.CopyWithPrivateKey(key);
    }

    /// <summary>A client that is there, says nothing and takes nothing.</summary>
    private sealed class StuckStream : Stream
    {
        public bool WasWritten { get; private set; }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            WasWritten = true;
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
