using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Thaw.Protocol.Peer;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Peer;

/// <summary>However far it has come: a connection can be closed, ends once, says why, and gives everything back.</summary>
public sealed class LifecycleTests
{
    public enum Stage { New, Answered, PathFound, Handshaking, Encrypted, Open, PathLost }

    public static TheoryData<Stage, DtlsRole> Stages => [.. from stage in Enum.GetValues<Stage>() from role in Enum.GetValues<DtlsRole>() select (stage, role)];

    [Theory, MemberData(nameof(Stages))]
    public void Closed_at_any_stage_it_is_silent_for_good_and_holds_no_thread(Stage stage, DtlsRole role)
    {
        using var world = At(stage, role);
        world.Server.Do((peer, now) => peer.Close(now));

        Assert.True(world.Server.Machine.IsClosed);
        Assert.Equal(0, world.ServerDtls.HandshakesInFlight);
        Assert.Equal(Instant.Never, world.Server.WakeAt);
        AssertSilent(world);
    }

    [Theory, MemberData(nameof(Stages))]
    public void Disposed_of_at_any_stage_and_twice_it_is_silent_for_good_and_holds_no_thread(Stage stage, DtlsRole role)
    {
        using var world = At(stage, role);
        world.Server.Machine.Dispose();
        world.Server.Machine.Dispose();

        Assert.True(world.Server.Machine.IsClosed);
        Assert.Equal(0, world.ServerDtls.HandshakesInFlight);
        AssertSilent(world);
    }

    [Theory]
    [InlineData(Stage.Answered, PeerFailure.ChecksTimedOut, 7)]
    [InlineData(Stage.PathFound, PeerFailure.DtlsTimedOut, 8)]
    [InlineData(Stage.Handshaking, PeerFailure.DtlsTimedOut, 8)]
    [InlineData(Stage.Encrypted, PeerFailure.DataChannelTimedOut, 8)]
    [InlineData(Stage.PathLost, PeerFailure.PathNotRecovered, 15)]
    public void Each_stage_ends_at_its_own_deadline_once_and_then_there_is_silence(Stage stage, PeerFailure reason, double seconds)
    {
        foreach (var role in Enum.GetValues<DtlsRole>())
        {
            using var world = At(stage, role);
            var began = world.Net.Elapsed;
            world.Run(120);

            Assert.Equal(reason, Assert.Single(world.Server.Of<PeerEvent.Failed>()).Reason);
            Assert.InRange((world.Server.When<PeerEvent.Failed>() - began).TotalSeconds, seconds - 0.5, seconds + 0.1);
            Assert.IsType<PeerEvent.Failed>(world.Server.Seen.Last(s => s.Kind is OutputKind.Event).Value);
            Assert.True(world.Server.Machine.IsClosed);
            Assert.Equal(0, world.ServerDtls.HandshakesInFlight);
            AssertSilent(world);
        }
    }

    [Theory]
    [InlineData(Stage.PathFound, DtlsRole.Client, "no answer to")]
    [InlineData(Stage.PathFound, DtlsRole.Server, "no ClientHello arrived")]
    [InlineData(Stage.Handshaking, DtlsRole.Server, "no complete answer to flight 4")]
    public void A_handshake_that_times_out_says_how_far_it_came(Stage stage, DtlsRole role, string detail)
    {
        using var world = At(stage, role);
        world.Run(20);

        Assert.Contains(detail, world.Server.Of<PeerEvent.Failed>().Single().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Shorter_deadlines_are_kept_too()
    {
        var hurried = new ConnectBudget { Checks = Seconds(3), Dtls = Seconds(2), Sctp = Seconds(1), Recovery = Seconds(4) };
        foreach (var (stage, seconds) in new[] { (Stage.Answered, 3.0), (Stage.PathFound, 2), (Stage.Encrypted, 1), (Stage.PathLost, 4) })
        {
            using var world = At(stage, DtlsRole.Client, hurried);
            var began = world.Net.Elapsed;
            world.Run(30);
            Assert.InRange((world.Server.When<PeerEvent.Failed>() - began).TotalSeconds, seconds - 0.5, seconds + 0.1);
        }
    }

    [Fact]
    public void Who_gives_up_on_a_connection_that_works_tells_the_other_side()
    {
        using var world = At(Stage.Encrypted, DtlsRole.Client);
        world.Net.RunUntil(() => world.Server.Of<PeerEvent.Failed>().Any(), Seconds(10));
        world.Run(0.1);

        Assert.Single(world.Caller.Of<PeerEvent.Closed>());
    }

    [Fact]
    public void A_closed_connection_answers_no_offer()
    {
        using var world = new PeerWorld();
        string offer = world.Offer();
        world.Server.Do((peer, now) => peer.Close(now));
        world.Server.Do((peer, now) => Assert.Equal(OfferRefusal.Closed, Assert.IsType<OfferOutcome.Refused>(peer.Accept(offer, now)).Reason));

        using var other = new PeerWorld();
        string answer = other.Answer(offer);
        world.Caller.Do((peer, now) => peer.Close(now));
        world.Caller.Do((peer, now) => Assert.False(peer.TryAcceptAnswer(answer, now, out _)));
    }

    [Fact]
    public void Goodbye_from_both_sides_at_once_ends_both()
    {
        using var world = new PeerWorld().Connect();
        world.Server.Do((peer, now) => peer.Close(now));
        world.Caller.Do((peer, now) => peer.Close(now));
        world.Run(60);

        Assert.True(world.Server.Machine.IsClosed && world.Caller.Machine.IsClosed);
        Assert.Empty(world.Terminal());
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    /// <summary>A world whose server has come just so far and gets no further.</summary>
    private static PeerWorld At(Stage stage, DtlsRole role, ConnectBudget? budget = null)
    {
        var world = new PeerWorld(
            server: config => config with { DtlsRole = role, Budget = budget ?? config.Budget },
            caller: config => config with { Budget = new() { Sctp = Seconds(1000), Whole = Seconds(1000) } }); // or it would give up first
        bool FromCaller(Packet packet) => packet.From == world.Caller;
        switch (stage)
        {
            case Stage.New: break;
            case Stage.Answered:
                world.Net.Firewalls.Add(_ => false);
                world.Dial();
                break;
            case Stage.PathFound:
                world.Net.Firewalls.Add(packet => !(IsDtls(packet) && FromCaller(packet)));
                world.Dial();
                world.Net.RunUntil(() => world.Server.Of<PeerEvent.PathSelected>().Any(), Seconds(2));
                break;
            case Stage.Handshaking:
                int flights = 0; // of the caller; its first is let through
                world.Net.Firewalls.Add(packet => !(IsDtls(packet) && FromCaller(packet)) || ++flights <= 1);
                world.Dial();
                world.Net.RunUntil(() => world.ServerDtls.HandshakesInFlight > 0 && flights > 1, Seconds(2));
                break;
            case Stage.Encrypted:
                world.Accept(world.Offer());
                world.Net.RunUntil(() => world.Server.Of<PeerEvent.Connected>().Any(), Seconds(2));
                break;
            case Stage.Open: world.Connect(); break;
            case Stage.PathLost:
                world.Connect();
                world.Net.Firewalls.Add(_ => false);
                world.Net.RunUntil(() => world.Server.Of<PeerEvent.PathLost>().Any(), Seconds(40));
                break;
        }

        return world;
    }

    private static void AssertSilent(PeerWorld world)
    {
        var server = world.Server;
        int said = server.Seen.Count(IsSpeech), sent = world.Net.Sent;
        world.Caller.IsOff = true;
        server.Deliver(world.Caller.Addresses[0], server.Addresses[0], [22, 0xFE, 0xFD, 0, 0]);
        server.Do((peer, now) => peer.SendAudio([1, 2, 3], 0, false, now));
        server.Do((peer, now) => Assert.False(peer.TrySendMessage(0, true, "x"u8, now)));
        server.Do((peer, now) => Assert.True(peer.AddRemoteCandidate("candidate:1 1 udp 1 192.0.2.99 1234 typ host", now)));
        server.Do((peer, now) => peer.Advance(now + Seconds(1000)));
        server.Do((peer, now) => peer.Close(now));
        world.Run(120);

        Assert.Equal(sent, world.Net.Sent);
        Assert.Equal(said, server.Seen.Count(IsSpeech));
        Assert.Equal(Instant.Never, server.WakeAt);

        static bool IsSpeech(Seen seen) => seen.Value is not Observation.DatagramDropped;
    }

    internal static bool IsDtls(Packet packet) => packet.Payload[0] is >= 20 and <= 63;
}
