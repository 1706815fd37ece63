using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Thaw.Interop.Tests.Gathering;
using Thaw.Interop.Tests.Networks;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Voice;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>One TCP port for HTTP, HTTPS, TURN and TURN over TLS, by real sockets.</summary>
public sealed class OnePortTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_certificate_it_is_HTTP_and_TURN()
    {
        await using var server = await StartAsync(new());

        Assert.StartsWith("HTTP/1.1 200 ", await HealthAsync(await DialAsync(server)), StringComparison.Ordinal);
        Assert.Equal(StunClass.SuccessResponse, await BindAsync(await DialAsync(server)));
        Assert.StartsWith("HTTP/1.1 400 ", await SayAsync(await DialAsync(server), [0x16, 3, 1, 2, 0, 1, 13, 10, 13, 10]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http/1.1")]
    [InlineData("")]
    public async Task With_a_certificate_it_is_HTTPS(string protocol)
    {
        await using var server = await StartWithCertificateAsync();
        Assert.Equal(Uri.UriSchemeHttps, server.Url.Scheme);
        await using var secure = await SecureAsync(server, protocol);
        Assert.StartsWith("HTTP/1.1 200 ", await HealthAsync(secure), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_certificate_it_is_HTTP_2_too_and_plain_HTTP_is_told_so()
    {
        await using var server = await StartWithCertificateAsync();
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = Anybody } }) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        Assert.Equal("""{"status":"ok"}""", await http.GetStringAsync(new Uri(server.Url, "/healthz"), Cancel));
        Assert.Contains("This port speaks HTTPS", await HealthAsync(await DialAsync(server)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stun.turn")] // RFC 7443
    [InlineData("")]
    public async Task With_a_certificate_it_is_TURN_over_TLS_and_without_TLS(string protocol)
    {
        await using var server = await StartWithCertificateAsync();
        await using var secure = await SecureAsync(server, protocol);
        Assert.Equal(StunClass.SuccessResponse, await BindAsync(secure));
        Assert.Equal(StunClass.SuccessResponse, await BindAsync(await DialAsync(server)));
    }

    [Fact]
    public async Task A_handshake_that_never_comes_is_closed()
    {
        await using var server = await StartWithCertificateAsync();
        var client = await DialAsync(server);
        Assert.Equal("", await SayAsync(client, [0x16, 3, 1, 2]));
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_relayed_streams()
    {
        var server = await StartAsync(new());
        await BindAsync(await DialAsync(server));
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(2), Cancel);
    }

    [Theory]
    [InlineData(TransportProtocol.Udp)]
    [InlineData(TransportProtocol.Tcp)] // by the HTTP port
    public async Task What_a_session_is_given_opens_the_relay_and_the_relay_leads_to_nobody_else(TransportProtocol protocol)
    {
        await using var server = await StartAsync(new());
        using var http = new HttpClient();
        using var response = await http.PostAsync(new Uri(server.Url, "/start"), null, Cancel);
        var given = JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancel)).GetProperty("iceConfig").GetProperty("iceServers").EnumerateArray().Single();
        var credential = new TurnCredential(given.GetProperty("username").GetString()!, given.GetProperty("credential").GetString()!);
        string url = given.GetProperty("urls").EnumerateArray().Select(u => u.GetString()!).Single(u => u.EndsWith($"transport={protocol}", StringComparison.OrdinalIgnoreCase));
        Assert.True(IceServerUrl.TryParse(url, out var turn, out _));
        Assert.Equal(protocol is TransportProtocol.Udp ? server.Relay!.Port : server.Url.Port, turn.Port);
        var address = new TransportAddress(IPAddress.Parse(turn.Host), (ushort)turn.Port).Over(protocol);

        using var loop = new GathererLoop(new GatheringServer("turn", address, GatheringKind.Turn, false, turn.Host, credential)).Settle();
        loop.Send(1); // to the loop's own peer: the server's address and another port
        loop.RunUntil(() => server.Relay!.Counters.Sum(c => c.Dropped(RelayDrop.PeerDenied)) > 0);

        Assert.Empty(loop.Delivered);
        Assert.Equal(1, server.Relay!.AllocationCount);
    }

    [Fact]
    public async Task A_relay_port_that_is_taken_is_no_reason_not_to_serve()
    {
        await using var first = await StartAsync(new());
        await using var second = await StartAsync(new() { Relay = new() { Port = first.Relay!.Port } });
        Assert.NotEqual(first.Relay.Port, second.Relay!.Port);
    }

    private static Task<VoiceServer> StartAsync(VoiceServerOptions options) => VoiceServer.StartAsync(
        options with { Host = "127.0.0.1", Port = 0, UdpPort = 0, UdpAddresses = [IPAddress.Loopback], Rehearse = false, Relay = options.Relay! with { Port = options.Relay.Port is 3478 ? (ushort)0 : options.Relay.Port } }, Cancel);

    private static async Task<VoiceServer> StartWithCertificateAsync()
    {
        await using var files = await LabCertificate.MakeAsync("127.0.0.1");
        var certificate = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(files.File, files.KeyFile), null, offline: true);
        return await StartAsync(new() { Certificate = () => certificate });
    }

    private static async Task<Stream> DialAsync(VoiceServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, server.Url.Port, Cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task<SslStream> SecureAsync(VoiceServer server, string protocol)
    {
        var secure = new SslStream(await DialAsync(server));
        await secure.AuthenticateAsClientAsync(new()
        {
            TargetHost = "127.0.0.1",
            RemoteCertificateValidationCallback = Anybody,
            ApplicationProtocols = protocol.Length > 0 ? [new SslApplicationProtocol(protocol)] : null,
        }, Cancel);
        Assert.Equal(protocol, secure.NegotiatedApplicationProtocol.ToString());
        return secure;
    }

    private static bool Anybody(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) => certificate?.Subject is "CN=relay.example"; // nobody issued it

    private static Task<string> HealthAsync(Stream stream) => SayAsync(stream, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"u8.ToArray());

    private static async Task<string> SayAsync(Stream stream, byte[] words)
    {
        await stream.WriteAsync(words, Cancel);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, Cancel).WaitAsync(Enough, Cancel);
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    private static async Task<StunClass> BindAsync(Stream stream)
    {
        await stream.WriteAsync(new StunWriter(new byte[64], StunMethod.Binding, StunClass.Request, new TransactionId(1, 2)).Finish().ToArray(), Cancel);
        byte[] answer = new byte[32];
        await stream.ReadExactlyAsync(answer, Cancel).AsTask().WaitAsync(Enough, Cancel);
        Assert.Null(StunReader.TryRead(answer, out var message));
        return message.Class;
    }
}
