using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using Thaw.Net;
using Thaw.Net.Loop;
using Thaw.Net.Tcp;
using Xunit;

namespace Thaw.Tests.Net;

/// <summary>Who may stay, on pipes and in simulated time; sessions on real sockets are in NetTcpTests.</summary>
public sealed class PassiveTcpTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RouteTable _routes = new();
    private readonly StreamCounters _counters = new();
    private readonly PassiveTcp _passive;

    public PassiveTcpTests() => _passive = new PassiveTcp(_routes, new Clock(_time), _counters, mostStreams: 4, mostPerPrefix: 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")] // a length of 18245
    [InlineData("\0\u0005hello")]
    [InlineData("\0\u0001\u0080")]      // RTP that nobody has asked for
    [InlineData("\0\0")]
    public async Task Whoever_begins_with_anything_but_a_check_of_ours_is_let_go_at_once(string bytes)
    {
        var (client, serving) = Connect("192.0.2.1");
        await client.WriteAsync(System.Text.Encoding.Latin1.GetBytes(bytes), Cancel);
        await serving.WaitAsync(Cancel);

        var statistics = _counters.Read(_routes.Streams.Count);
        Assert.Equal(0, statistics.Open);
        Assert.Equal(1, statistics.EndedBy(StreamEnd.NotForUs) + statistics.EndedBy(StreamEnd.FrameTooLong));
    }

    [Fact]
    public async Task Silence_is_let_go_by_the_sweep()
    {
        var (_, serving) = Connect("192.0.2.1");
        _time.Advance(PassiveTcp.Proof);
        _passive.Sweep();
        await serving.WaitAsync(Cancel);

        Assert.Equal(1, _counters.Read(0).EndedBy(StreamEnd.NoCheckInTime));
    }

    [Fact]
    public async Task An_address_and_an_IPv6_network_have_a_bound_each_and_all_together_too()
    {
        Connect("192.0.2.1");
        Connect("192.0.2.1");
        await Connect("192.0.2.1").Serving;
        Connect("2001:db8:0:1::1");
        Connect("2001:db8:0:1::2");
        await Connect("198.51.100.9").Serving;

        var statistics = _counters.Read(_routes.Streams.Count);
        Assert.Equal((4, 4, 1, 1), (statistics.Open, statistics.Accepted, statistics.EndedBy(StreamEnd.TooManyFromThere), statistics.EndedBy(StreamEnd.Full)));
    }

    [Fact]
    public async Task Room_is_there_again_when_a_connection_has_gone()
    {
        Connect("2001:db8:0:1::1");
        var (client, serving) = Connect("2001:db8:0:1::2");
        await Connect("2001:db8:0:1::3").Serving;

        await client.CompleteAsync();
        await serving.WaitAsync(Cancel);
        Assert.False(Connect("2001:db8:0:1::4").Serving.IsCompleted);
    }

    [Fact]
    public async Task Stopping_ends_what_is_there_and_takes_no_more()
    {
        var (_, serving) = Connect("192.0.2.1");
        var stopping = _passive.StopAsync(TimeSpan.FromMilliseconds(250));
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await stopping.WaitAsync(Cancel);
        await serving.WaitAsync(Cancel);
        await Connect("192.0.2.2").Serving;

        Assert.Equal(2, _counters.Read(0).EndedBy(StreamEnd.HostStopped));
    }

    private int _port = 50_000;

    private (PipeWriter Client, Task Serving) Connect(string address)
    {
        Pipe up = new(), down = new();
        var flow = TcpListeners.FlowOf(new IPEndPoint(IPAddress.Loopback, 7860), new IPEndPoint(IPAddress.Parse(address), _port++));
        return (up.Writer, _passive.ServeAsync(new Pipes(up.Reader, down.Writer), flow));
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
