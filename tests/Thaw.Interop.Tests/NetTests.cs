using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Thaw.Interop.Tests.Net;
using Thaw.Net;
using Thaw.Net.Loop;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>The shared UDP port with real sockets on loopback.</summary>
public sealed class NetTests : IAsyncDisposable
{
    private static readonly byte[] Rtp = [0x80, 0, 1, 2, 3];
    private static readonly PeerHostOptions OneLoop = new() { UdpPort = 0, Addresses = [IPAddress.Loopback], Shards = 1 };

    private readonly List<SharedPort> _opened = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_check_finds_its_session_by_fragment_and_what_follows_by_its_flow(string address)
    {
        var host = IPAddress.Parse(address);
        Assert.SkipUnless(host.AddressFamily is AddressFamily.InterNetwork || Socket.OSSupportsIPv6, "no IPv6 on this machine");
        var port = Open(OneLoop with { Addresses = [host] });
        await AddAsync(port, "one");
        await AddAsync(port, "two");
        using var client = new NetClient(host, port.UdpPort);

        Assert.True(client.Check("0two"));
        Assert.Equal(Rtp, client.Ask(Rtp));
        Assert.Equal([1, 1, 0, 0], client.Ask([1, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, .. new byte[12]])[..4]); // a response has no USERNAME

        SpinWait.SpinUntil(() => port.Statistics.DatagramsOut == 3, TimeSpan.FromSeconds(5)); // counted just after it has left
        Assert.Equal((3, 3), (port.Statistics.DatagramsIn, port.Statistics.DatagramsOut));
        Assert.Empty(port.Statistics.Drops);
    }

    [Fact]
    public async Task What_belongs_to_no_session_is_dropped_and_counted_by_reason()
    {
        var port = Open(OneLoop);
        var (_, peer) = await AddAsync(port, "one");
        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);

        client.Send(Rtp);                                     // before any check
        client.Send([22, 1, 2]);                              // DTLS likewise
        client.Send([]);
        client.Send([64, 0, 0]);                              // TURN channel data
        client.Send(new byte[3000].Select(_ => (byte)128).ToArray());
        client.Send([0, 1, 0, 0]);
        client.Send(new byte[20]);
        client.Send(NetClient.BindingRequest("0stranger"));
        client.Send([0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, .. new byte[12]]);
        Assert.True(client.Check("0one"));

        var drops = port.Statistics.Drops;
        Assert.Equal(2, drops[DropReason.NoRoute]);
        Assert.All(
            (DropReason[])[DropReason.Empty, DropReason.UnknownProtocol, DropReason.TooLong, DropReason.Truncated, DropReason.BadCookie,
                DropReason.UnknownUsername, DropReason.MissingAttribute],
            reason => Assert.Equal(1, drops[reason]));
        Assert.Equal(1, peer.Received);
    }

    [Fact]
    public async Task Datagrams_that_the_kernel_gives_to_the_wrong_loop_reach_their_session()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux spreads one port over sockets");
        var port = Open(OneLoop with { Shards = 2 });
        var (_, first) = await AddAsync(port, "first");
        var (_, second) = await AddAsync(port, "second");
        Assert.Equal(["0", "1"], [first.Seat.UfragPrefix, second.Seat.UfragPrefix]);

        for (int i = 0; i < 32; i++)
        {
            using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
            Assert.True(client.Check(i % 2 == 0 ? "0first" : "1second"));
            Assert.Equal(Rtp, client.Ask(Rtp));
        }

        Assert.Equal((32, 32), (first.Received, second.Received));
        Assert.InRange(port.Statistics.Forwarded, 1, 63); // each of 32 remotes is on the wrong loop with probability 1/2
        Assert.Empty(port.Statistics.Drops);
    }

    [Fact]
    public async Task After_an_ice_restart_the_new_fragment_and_the_old_one_lead_to_the_session()
    {
        var port = Open(OneLoop);
        var (session, peer) = await AddAsync(port, "before");

        await session.PostAsync(_ => peer.LocalUfrag = "0after", Cancel);

        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(client.Check("0after"));
        Assert.True(client.Check("0before"));
    }

    [Fact]
    public async Task A_flood_of_garbage_does_not_disturb_a_session()
    {
        var port = Open(OneLoop);
        await AddAsync(port, "calm");
        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(client.Check("0calm"));

        var flood = Task.Factory.StartNew(() => Flood(port.UdpPort, 50_000), Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        int answered = 0, asked = 0;
        var slowest = TimeSpan.Zero;
        while (!flood.IsCompleted || asked < 50)
        {
            asked++;
            long sent = Stopwatch.GetTimestamp();
            if (client.Ask(Rtp).AsSpan().SequenceEqual(Rtp)) answered++;
            var took = Stopwatch.GetElapsedTime(sent);
            if (took > slowest) slowest = took;
        }
        await flood;

        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} of {asked} answered, slowest {slowest.TotalMilliseconds:F1} ms");
        Assert.InRange(answered, asked * 0.98, asked);
        Assert.InRange(port.Statistics.Drops.Values.Sum(), 10_000, 50_000); // the kernel may have dropped some itself
    }

    [Fact]
    public async Task A_session_that_throws_ends_alone_and_says_why()
    {
        var port = Open(OneLoop);
        var (broken, peer) = await AddAsync(port, "broken");
        await AddAsync(port, "fine");
        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(client.Check("0broken"));

        client.Send([0x80, 0xFF]);

        var crash = await Assert.ThrowsAsync<PeerHostException>(() => broken.Completion.WaitAsync(TimeSpan.FromSeconds(5), Cancel));
        Assert.Equal((PeerHostError.SessionCrashed, "The echo peer has a bug."), (crash.Error, crash.InnerException!.Message));
        Assert.True(peer.IsDisposed);
        Assert.True(client.Check("0fine"));
        Assert.Equal((1, 1), (port.Statistics.SessionsCrashed, port.Statistics.Sessions));
        Assert.False(port.Completion.IsCompleted);
    }

    [Fact]
    public async Task An_action_that_throws_reaches_its_poster()
    {
        var port = Open(OneLoop);
        var (session, _) = await AddAsync(port, "one");

        await Assert.ThrowsAsync<DivideByZeroException>(async () => await session.PostAsync<int>(_ => throw new DivideByZeroException(), Cancel));
    }

    [Fact]
    public async Task A_closed_session_says_goodbye_leaves_nothing_behind_and_refuses_posts_clearly()
    {
        var port = Open(OneLoop);
        var (session, peer) = await AddAsync(port, "one");
        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(client.Check("0one"));

        Assert.True(session.TrySendAudio("last words"u8, 0, false));
        session.Close();

        Assert.Equal("last words"u8, client.Receive());
        Assert.Equal("bye"u8, client.Receive());
        await session.Completion.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
        Assert.Equal((0, 0, 0), (port.Routes.FlowCount, port.Routes.UfragCount, port.Statistics.Sessions));
        Assert.True(peer.IsDisposed);
        var refusal = await Assert.ThrowsAsync<PeerHostException>(async () => await session.PostAsync(_ => 0, Cancel));
        Assert.Equal(PeerHostError.SessionClosed, refusal.Error);
        Assert.False(session.TrySendAudio([1], 0, false));
    }

    [Fact]
    public async Task A_deadline_wakes_the_machine_on_time()
    {
        var port = Open(OneLoop);
        var listener = new NetListener();
        var (session, peer) = await AddAsync(port, "one", listener);

        var wanted = await session.PostAsync(now => peer.WakeAt = now + TimeSpan.FromMilliseconds(50), Cancel);
        await Until(() => listener.Events == 1);

        Assert.InRange(peer.WokenAt - wanted, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task Sends_that_the_system_refuses_are_counted_and_stop_nothing()
    {
        var port = Open(OneLoop);
        var (session, peer) = await AddAsync(port, "one");
        var local = new TransportAddress(IPAddress.Loopback, (ushort)port.UdpPort);
        foreach (string nowhere in (string[])["192.0.2.250", "240.0.0.1", "2001:db8::9"])
            await session.PostAsync(_ => { peer.SendTo(local, new TransportAddress(IPAddress.Parse(nowhere), 9)); return 0; }, Cancel);
        await session.PostAsync(_ => { peer.SendTo(local.WithPort(1), local); return 0; }, Cancel); // no such socket

        using var gone = new NetClient(IPAddress.Loopback, port.UdpPort);
        gone.Send(NetClient.BindingRequest("0one"));
        gone.Dispose(); // its answer meets a closed port

        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(client.Check("0one"));
        Assert.Equal(4, port.Statistics.SendErrors);
        Assert.Equal(0, port.Statistics.ReceiveErrors);
    }

    [Fact]
    public async Task A_busy_loop_makes_sends_fail_instead_of_wait_and_recovers()
    {
        var port = Open(OneLoop with { QueueLength = 32 });
        using var hold = new ManualResetEventSlim();
        var listener = new NetListener { HoldMedia = hold };
        var (session, _) = await AddAsync(port, "one", listener);
        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(client.Check("0one"));
        client.Send([0x81]);
        await Until(() => listener.Media == 1);

        int accepted = 0;
        while (accepted < 100 && session.TrySendMessage(0, true, "x"u8)) accepted++;
        Assert.Equal((32, 1), (accepted, port.Statistics.QueueFull));

        hold.Set();
        for (int i = 0; i < 32; i++) Assert.Equal("x"u8, client.Receive());
    }

    [Fact]
    public async Task The_path_of_a_datagram_allocates_nothing()
    {
        var port = Open(OneLoop);
        var (session, peer) = await AddAsync(port, "one");
        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(client.Check("0one"));
        for (int i = 0; i < 1000; i++) client.Ask(Rtp);

        long loopBefore = peer.LoopAllocated;
        for (int i = 0; i < 10_000; i++) Assert.Equal(5, client.Ask(Rtp).Length);
        Assert.InRange(peer.LoopAllocated - loopBefore, 0, 1000); // 10,000 round trips

        for (int i = 0; i < 2000; i++) session.TrySendAudio(Rtp, 0, false); // the queue grows to its bound once
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 2000; i++) session.TrySendAudio(Rtp, 0, false);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Fact]
    public async Task Disposing_says_goodbye_to_everyone_at_once()
    {
        var port = Open(OneLoop with { Shards = 2 });
        var sessions = new List<Session>();
        for (int i = 0; i < 100; i++) sessions.Add((await AddAsync(port, $"s{i}")).Session);
        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(client.Check("0s0"));

        long started = Stopwatch.GetTimestamp();
        await port.DisposeAsync();

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal("bye"u8, client.Receive());
        Assert.All(sessions, s => Assert.True(s.Completion.IsCompletedSuccessfully));
        Assert.True(port.Completion.IsCompletedSuccessfully);
        await Assert.ThrowsAsync<PeerHostException>(async () => await sessions[0].PostAsync(_ => 0, Cancel));
        var refusal = await Assert.ThrowsAsync<PeerHostException>(() => AddAsync(port, "late"));
        Assert.Equal(PeerHostError.HostStopped, refusal.Error);
    }

    [Fact]
    public async Task Disposing_does_not_wait_for_a_listener_that_blocks()
    {
        var port = Open(OneLoop);
        using var hold = new ManualResetEventSlim();
        var listener = new NetListener { HoldMedia = hold };
        await AddAsync(port, "one", listener);
        using var client = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(client.Check("0one"));
        client.Send([0x81]);
        await Until(() => listener.Media == 1);

        long started = Stopwatch.GetTimestamp();
        await port.DisposeAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        hold.Set();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_port_that_another_host_has_is_refused_with_the_address_and_what_to_do(int loops)
    {
        var first = Open(OneLoop with { Shards = loops });

        var refusal = Assert.Throws<PeerHostException>(() => Open(OneLoop with { UdpPort = first.UdpPort, Shards = loops }));

        Assert.Equal(PeerHostError.PortInUse, refusal.Error);
        Assert.Equal(
            $"UDP port {first.UdpPort} on 127.0.0.1 is in use by another program. Stop that program or choose another UDP port.", refusal.Message);
    }

    [Fact]
    public void An_address_of_another_machine_is_refused_by_name()
    {
        var refusal = Assert.Throws<PeerHostException>(() => Open(OneLoop with { Addresses = [IPAddress.Loopback, IPAddress.Parse("192.0.2.251")] }));
        Assert.Equal(PeerHostError.NoAddress, refusal.Error);
        Assert.Contains("192.0.2.251", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_host_refuses_one_more()
    {
        var port = Open(OneLoop with { MaxSessions = 1 });
        await AddAsync(port, "one");
        var refusal = await Assert.ThrowsAsync<PeerHostException>(() => AddAsync(port, "two"));
        Assert.Equal(PeerHostError.TooManySessions, refusal.Error);
    }

    [Fact]
    public async Task A_host_on_every_address_offers_loopback_too_and_a_failed_factory_leaves_no_trace()
    {
        await using var host = PeerHost.Open(new PeerHostOptions { UdpPort = 0 }, TimeProvider.System);
        Assert.Contains(host.LocalCandidates, c => c.Address.IsLoopback && c.Address.Port == host.UdpPort);
        Assert.DoesNotContain(host.LocalCandidates, c => c.Address.IsIPv6 && c.Address.IsLinkLocal);

        await Assert.ThrowsAsync<DivideByZeroException>(async () => await host.AddAsync((_, _) => throw new DivideByZeroException(), new NetListener(), Cancel));

        Assert.Equal(0, host.Statistics.Sessions);
        TestContext.Current.TestOutputHelper?.WriteLine($"{host.Statistics} granted, {string.Join(' ', host.LocalCandidates)}");
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

    private static async Task<(Session Session, EchoPeer Peer)> AddAsync(SharedPort port, string name, NetListener? listener = null)
    {
        var session = await port.AddAsync((seat, _) => new EchoPeer(seat, name), listener ?? new NetListener(), Cancel);
        return (session, (EchoPeer)session.Peer);
    }

    private static async Task Until(Func<bool> condition)
    {
        for (int i = 0; i < 500 && !condition(); i++) await Task.Delay(10, Cancel);
        Assert.True(condition());
    }

    private static void Flood(int port, int count)
    {
        byte[][] garbage = [[255, 1, 2], [200], new byte[40], [22, 254, 253, 0], [0x80, 1, 2, 3], NetClient.BindingRequest("0stranger")];
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, port);
        for (int i = 0; i < count; i++) socket.Send(garbage[i % garbage.Length]);
    }
}
