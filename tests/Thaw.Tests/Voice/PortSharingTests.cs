using System.IO.Pipelines;
using System.Net;
using System.Text;
using Thaw.Voice;
using Thaw.Voice.Http;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>One port for HTTP, ICE-TCP and TURN: the real Kestrel on pipes, time by hand.</summary>
public sealed class PortSharingTests
{
    private const string Health = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    private readonly SteppedTime _time = new();
    private readonly List<(byte[] First, IPEndPoint Local, IPEndPoint Remote)> _handed = [], _relayed = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x01)]
    [InlineData(0x08)]
    public async Task A_connection_that_begins_with_a_frame_is_handed_over_with_its_first_byte_unread(byte first)
    {
        await using var server = await StartAsync();
        var client = server.Connect();
        byte[] frame = [first, 2, 0, 1, 0];
        await client.Output.WriteAsync(frame, Cancel);

        var answer = await client.Input.ReadAtLeastAsync(2, Cancel);

        Assert.Equal("ok"u8, answer.Buffer.FirstSpan);
        Assert.Equal(frame, _handed.Single().First);
        Assert.Equal((1, 50_000), (_handed.Single().Local.Port, _handed.Single().Remote.Port));
        client.Input.AdvanceTo(answer.Buffer.End);
        Assert.True((await client.Input.ReadAsync(Cancel)).IsCompleted); // closed when its host has done with it
    }

    [Fact]
    public async Task A_TURN_client_that_says_its_first_bytes_one_by_one_is_handed_to_the_relay_with_all_of_them()
    {
        await using var server = await StartAsync();
        var client = server.Connect();
        byte[] allocate = [0, 3, 0, 8, 0x21, 0x12, 0xA4, 0x42];
        foreach (byte b in allocate) await client.Output.WriteAsync(new[] { b }, Cancel);

        var answer = await client.Input.ReadAtLeastAsync(2, Cancel);

        Assert.Equal("ok"u8, answer.Buffer.FirstSpan);
        Assert.Equal(allocate, _relayed.Single().First);
        Assert.Empty(_handed);
    }

    [Fact]
    public async Task A_beginning_that_is_not_gone_on_with_is_closed()
    {
        await using var server = await StartAsync();
        var client = server.Connect();
        await client.Output.WriteAsync(new byte[] { 0, 3 }, Cancel);
        await _time.WaitBegunAsync(PortSharing.FirstByte);
        _time.Advance(PortSharing.FirstByte);

        Assert.True((await client.Input.ReadAsync(Cancel)).IsCompleted);
        Assert.Empty(_handed.Concat(_relayed));
    }

    [Fact]
    public async Task Without_a_relay_TURN_is_closed()
    {
        await using var server = await KestrelOnPipes.StartAsync(listen => PortSharing.Share(listen, new() { IceTcp = TakeAsync }, _time));
        var client = server.Connect();
        await client.Output.WriteAsync(new byte[] { 0, 3, 0, 8, 0x21, 0x12, 0xA4, 0x42 }, Cancel);
        Assert.True((await client.Input.ReadAsync(Cancel)).IsCompleted);
    }

    [Fact]
    public async Task A_port_with_a_certificate_tells_HTTP_without_TLS_what_it_speaks()
    {
        await using var server = await KestrelOnPipes.StartAsync(listen => PortSharing.Share(listen, new() { IsHttps = true }, _time));
        Assert.EndsWith("{\"detail\":\"This port speaks HTTPS: put https:// before the address.\"}", await server.ExchangeAsync(Health), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Health, 200)]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", 400)] // TLS
    public async Task Everything_else_is_HTTPs_and_errors_keep_their_bodies(string request, int status)
    {
        await using var server = await StartAsync();

        string response = await server.ExchangeAsync(request);

        Assert.StartsWith($"HTTP/1.1 {status} ", response, StringComparison.Ordinal);
        Assert.Contains("{\"", response, StringComparison.Ordinal);
        Assert.Empty(_handed);
    }

    [Fact]
    public async Task A_slow_first_byte_is_waited_for()
    {
        await using var server = await StartAsync();
        var client = server.Connect();
        await _time.WaitBegunAsync(PortSharing.FirstByte);
        _time.Advance(PortSharing.FirstByte - TimeSpan.FromMilliseconds(1));

        await client.Output.WriteAsync(new byte[] { 1 }, Cancel);

        var answer = await client.Input.ReadAtLeastAsync(2, Cancel);
        Assert.Equal("ok"u8, answer.Buffer.FirstSpan);
    }

    [Fact]
    public async Task A_connection_that_is_silent_for_too_long_becomes_HTTPs() // browsers open some ahead of need
    {
        await using var server = await StartAsync();
        var client = server.Connect();
        await _time.WaitBegunAsync(PortSharing.FirstByte);
        _time.Advance(PortSharing.FirstByte);

        await client.Output.WriteAsync(Encoding.Latin1.GetBytes(Health), Cancel);
        var response = await client.Input.ReadAtLeastAsync(12, Cancel);

        Assert.StartsWith("HTTP/1.1 200", Encoding.Latin1.GetString(response.Buffer.FirstSpan), StringComparison.Ordinal);
        Assert.Empty(_handed);
    }

    [Fact]
    public async Task A_connection_that_closes_without_a_word_leaves_the_server_well()
    {
        await using var server = await StartAsync();
        await server.Connect().Output.CompleteAsync();

        Assert.StartsWith("HTTP/1.1 200 ", await server.ExchangeAsync(Health), StringComparison.Ordinal);
        Assert.Empty(_handed);
    }

    [Theory]
    [InlineData("localhost", 7860, 0, "127.0.0.1", true)]
    [InlineData("localhost", 7860, 0, "::1", true)]
    [InlineData("localhost", 7860, 0, "192.0.2.1", false)]
    [InlineData("0.0.0.0", 7860, 0, "192.0.2.1", true)]
    [InlineData("0.0.0.0", 7860, 0, "2001:db8::1", false)]
    [InlineData("::", 7860, 0, "192.0.2.1", true)]
    [InlineData("192.0.2.1", 7860, 7860, "192.0.2.1", true)]
    [InlineData("localhost", 8080, 0, "127.0.0.1", false)]
    [InlineData("localhost", 8080, 8080, "127.0.0.1", true)]
    [InlineData("localhost", 7860, null, "127.0.0.1", false)]
    [InlineData("localhost", 0, 0, "127.0.0.1", false)]
    public void The_port_is_shared_where_HTTP_listens_on_it(string host, int port, int? tcpPort, string address, bool isShared)
        => Assert.Equal(isShared, PortSharing.Covers(new VoiceServerOptions { Host = host, Port = port, TcpPort = tcpPort }, IPAddress.Parse(address)));

    private Task<KestrelOnPipes> StartAsync() => KestrelOnPipes.StartAsync(listen => PortSharing.Share(listen, new() { IceTcp = TakeAsync, Turn = RelayAsync }, _time));

    private Task TakeAsync(IDuplexPipe transport, IPEndPoint local, IPEndPoint remote) => TakeAsync(_handed, transport, local, remote);

    private Task RelayAsync(IDuplexPipe transport, IPEndPoint local, IPEndPoint remote) => TakeAsync(_relayed, transport, local, remote);

    private static async Task TakeAsync(List<(byte[] First, IPEndPoint Local, IPEndPoint Remote)> taken, IDuplexPipe transport, IPEndPoint local, IPEndPoint remote)
    {
        var read = await transport.Input.ReadAsync(Cancel);
        taken.Add((System.Buffers.BuffersExtensions.ToArray(read.Buffer), local, remote));
        transport.Input.AdvanceTo(read.Buffer.End);
        await transport.Output.WriteAsync("ok"u8.ToArray(), Cancel);
    }
}
