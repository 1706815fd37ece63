using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Thaw.Interop.Tests.Net;
using Thaw.Net;
using Thaw.Net.Loop;
using Thaw.Net.Tcp;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>ICE-TCP with real sockets on loopback.</summary>
public sealed class NetTcpTests : IAsyncDisposable
{
    private static readonly byte[] Rtp = [0x80, 0, 1, 2, 3];
    private static readonly PeerHostOptions OneLoop = new() { UdpPort = 0, TcpPort = 0, Addresses = [IPAddress.Loopback], Shards = 1 };

    private readonly List<SharedPort> _opened = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1", 1)]
    [InlineData("127.0.0.1", 2)]
    [InlineData("::1", 1)]
    public async Task A_check_finds_its_session_by_fragment_and_what_follows_by_its_stream(string address, int loops)
    {
        var host = IPAddress.Parse(address);
        Assert.SkipUnless(host.AddressFamily is AddressFamily.InterNetwork || Socket.OSSupportsIPv6, "no IPv6 on this machine");
        var port = Open(OneLoop with { Addresses = [host], Shards = loops });
        var (_, one) = await AddAsync(port, "one");
        var (_, two) = await AddAsync(port, "two");
        using var client = new StreamClient(host, port.TcpPort!.Value);

        Assert.True(client.Check(two.LocalUfrag));
        Assert.Equal(Rtp, client.Ask(Rtp));
        Assert.Equal([1, 1, 0, 0], client.Ask([1, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, .. new byte[12]])![..4]);

        var tcp = port.Statistics.Tcp;
        Assert.Equal((1, 1, 3, 3), (tcp.Open, tcp.Accepted, tcp.FramesIn, tcp.FramesOut));
        Assert.Equal((0, 3), (one.Received, two.Received));
        Assert.Empty(port.Statistics.Drops);
    }

    [Fact]
    public void TCP_candidates_come_last_with_the_listener_as_base()
    {
        var port = Open(OneLoop);

        var (udp, tcp) = (port.Candidates[0], port.Candidates[1]);
        Assert.Equal(new TransportAddress(IPAddress.Loopback, (ushort)port.UdpPort).Over(TransportProtocol.Tcp), tcp.Base);
        Assert.Equal((CandidateType.Host, tcp.Base), (tcp.Type, tcp.Address));
        Assert.True(tcp.Priority < udp.Priority);
        Assert.NotEqual(udp.Foundation, tcp.Foundation);
    }

    [Fact]
    public async Task Frames_in_one_segment_and_frames_in_many_are_the_same_frames()
    {
        var port = Open(OneLoop);
        await AddAsync(port, "one");
        using var client = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        byte[] check = NetClient.BindingRequest("0one");
        foreach (byte b in (byte[])[0, (byte)check.Length, .. check]) client.SendRaw([b]);
        Assert.IsType<byte[]>(client.Receive());

        client.SendRaw([0, 3, 128, 1, 1, 0, 3, 128, 2, 2]);

        Assert.Equal([128, 1, 1], client.Receive());
        Assert.Equal([128, 2, 2], client.Receive());
    }

    [Fact]
    public async Task A_stream_ends_with_its_session_after_the_goodbye()
    {
        var port = Open(OneLoop);
        var (session, _) = await AddAsync(port, "one");
        using var client = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        Assert.True(client.Check("0one"));

        session.Close();

        Assert.Equal("bye"u8, client.Receive()!);
        Assert.True(client.IsClosed());
        await Until(() => port.Statistics.Tcp.EndedBy(StreamEnd.SessionEnded) == 1);
        Assert.Equal((0, 0), (port.Routes.FlowCount, port.Routes.Streams.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_hears_that_its_stream_has_closed(bool reset)
    {
        var port = Open(OneLoop);
        var (_, peer) = await AddAsync(port, "one");
        var client = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        Assert.True(client.Check("0one"));

        if (reset) client.Reset();
        else client.Dispose();

        await Until(() => peer.ClosedPaths == 1);
        Assert.Equal((0, 0), (port.Routes.FlowCount, port.Routes.Streams.Count));
        Assert.Equal(1, port.Statistics.Tcp.EndedBy(StreamEnd.PeerClosed));
    }

    [Fact]
    public async Task Strangers_are_let_go_at_once_and_the_silent_after_five_seconds()
    {
        var port = Open(OneLoop);
        await AddAsync(port, "one");
        using var known = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        Assert.True(known.Check("0one"));
        using var silent = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        long began = Stopwatch.GetTimestamp();
        using var stranger = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        using var scanner = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);

        stranger.Send(NetClient.BindingRequest("0stranger"));
        scanner.SendRaw("GET / HTTP/1.1\r\n\r\n"u8);

        Assert.True(stranger.IsClosed());
        Assert.True(scanner.IsClosed());
        while (silent.Receive() is null) { }
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 4.9, 8);
        Assert.Equal(Rtp, known.Ask(Rtp));
        var tcp = port.Statistics.Tcp;
        Assert.Equal((1, 1, 1), (tcp.EndedBy(StreamEnd.NotForUs), tcp.EndedBy(StreamEnd.FrameTooLong), tcp.EndedBy(StreamEnd.NoCheckInTime)));
        Assert.Equal(1, port.Statistics.DropsOf(DropReason.UnknownUsername));
    }

    [Fact]
    public async Task A_peer_that_does_not_read_holds_up_nobody()
    {
        var port = Open(OneLoop);
        var (session, _) = await AddAsync(port, "deaf");
        await AddAsync(port, "fine");
        using var deaf = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        using var fine = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        Assert.True(deaf.Check("0deaf"));
        Assert.True(fine.Check("0fine"));

        byte[] audio = new byte[1200];
        for (int i = 0; i < 20_000 && port.Statistics.Tcp.QueueFull == 0; i++)
            if (!session.TrySendAudio(audio, 0, false)) await Task.Delay(1, Cancel);

        Assert.True(port.Statistics.Tcp.QueueFull > 0);
        for (int i = 0; i < 20; i++) Assert.Equal(Rtp, fine.Ask(Rtp));
    }

    [Fact]
    public async Task Another_session_cannot_take_a_stream_by_naming_its_address()
    {
        var port = Open(OneLoop);
        var (_, victim) = await AddAsync(port, "victim");
        var (thief, thiefPeer) = await AddAsync(port, "thief");
        using var client = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        Assert.True(client.Check("0victim"));
        var (local, remote) = (TcpListeners.FlowOf(new(IPAddress.Loopback, port.TcpPort!.Value), client.Local).Local, TcpListeners.FlowOf(client.Local, client.Local).Remote);

        await thief.PostAsync(_ => { thiefPeer.SendTo(local, remote); return 0; }, Cancel);
        Assert.Equal("hello"u8, client.Receive()!);

        Assert.Equal(Rtp, client.Ask(Rtp));
        Assert.Equal((2, 0), (victim.Received, thiefPeer.Received));
    }

    [Fact]
    public async Task A_send_to_where_no_stream_is_fails_and_dials_nobody()
    {
        var port = Open(OneLoop);
        var (session, peer) = await AddAsync(port, "one");
        using var listening = new TcpListener(IPAddress.Loopback, 0);
        listening.Start();
        var to = new TransportAddress(IPAddress.Loopback, (ushort)((IPEndPoint)listening.LocalEndpoint).Port).Over(TransportProtocol.Tcp);

        await session.PostAsync(_ => { peer.SendTo(port.Candidates[1].Base, to); return 0; }, Cancel);

        Assert.Equal(1, port.Statistics.SendErrors);
        Assert.False(listening.Pending());
    }

    [Fact]
    public async Task A_port_that_somebody_insisted_on_and_that_is_taken_is_refused_by_name()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int number = ((IPEndPoint)taken.LocalEndpoint).Port;

        var refusal = Assert.Throws<PeerHostException>(() => Open(OneLoop with { TcpPort = number }));
        Assert.Equal(PeerHostError.PortInUse, refusal.Error);
        Assert.Equal($"TCP port {number} on 127.0.0.1 is in use by another program. Stop that program or choose another TCP port.", refusal.Message);

        Assert.Null(Open(OneLoop with { TcpPort = null }).TcpPort);
        await Task.CompletedTask;
    }

    [Fact]
    public void An_address_that_is_shared_is_offered_without_a_listener_of_ours()
    {
        using var http = new TcpListener(IPAddress.Loopback, 0);
        http.Start();
        int number = ((IPEndPoint)http.LocalEndpoint).Port;

        var port = Open(OneLoop with { TcpPort = number, SharesTcp = _ => true });

        Assert.Contains(port.Candidates, c => c.Base == new TransportAddress(IPAddress.Loopback, (ushort)number).Over(TransportProtocol.Tcp));
    }

    [Fact]
    public async Task The_path_of_a_frame_allocates_next_to_nothing()
    {
        var port = Open(OneLoop);
        var (_, peer) = await AddAsync(port, "one");
        using var client = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        Assert.True(client.Check("0one"));
        for (int i = 0; i < 2000; i++) client.Ask(Rtp);

        long loop = peer.LoopAllocated;
        double perRound = double.MaxValue; // of the best batch: other tests allocate in this process too
        const int Batches = 20, Rounds = 500;
        for (int batch = 0; batch < Batches; batch++)
        {
            long all = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < Rounds; i++) client.Ask(Rtp);
            perRound = Math.Min(perRound, (GC.GetTotalAllocatedBytes(precise: true) - all) / (double)Rounds);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{perRound:F1} bytes per round trip, this client's included");
        Assert.InRange(peer.LoopAllocated - loop, 0, 1000);
        Assert.InRange(perRound, 0, 250); // of which the client makes 3 small arrays
    }

    [Fact]
    public async Task Disposing_says_goodbye_on_streams_too_and_does_not_wait_for_those_who_do_not_listen()
    {
        var port = Open(OneLoop);
        await AddAsync(port, "one");
        using var client = new StreamClient(IPAddress.Loopback, port.TcpPort!.Value);
        Assert.True(client.Check("0one"));

        long started = Stopwatch.GetTimestamp();
        await port.DisposeAsync();

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal("bye"u8, client.Receive()!);
        Assert.True(client.IsClosed());
        Assert.Throws<SocketException>(() => new StreamClient(IPAddress.Loopback, port.UdpPort));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var port in _opened) await port.DisposeAsync();
    }

    private SharedPort Open(PeerHostOptions options)
    {
        var port = SharedPort.Open(options, new Clock(TimeProvider.System));
        _opened.Add(port);
        return port;
    }

    private static async Task<(Session Session, EchoPeer Peer)> AddAsync(SharedPort port, string name)
    {
        var session = await port.AddAsync((seat, _) => new EchoPeer(seat, name), new NetListener(), Cancel);
        return (session, (EchoPeer)session.Peer);
    }

    private static async Task Until(Func<bool> condition)
    {
        for (int i = 0; i < 500 && !condition(); i++) await Task.Delay(10, Cancel);
        Assert.True(condition());
    }
}
