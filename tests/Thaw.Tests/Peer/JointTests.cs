using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Thaw.Protocol.Peer;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Peer;

/// <summary>Where one protocol meets the next: what comes too early, on another path, or from someone else.</summary>
public sealed class JointTests
{
    private static readonly byte[] Frame = [.. Enumerable.Range(0, 160).Select(i => (byte)i)];

    [Theory]
    [InlineData(DtlsRole.Client)]
    [InlineData(DtlsRole.Server)]
    public void A_handshake_that_begins_before_our_own_check_is_answered_is_not_lost(DtlsRole serverIs)
    {
        using var world = new PeerWorld(server: config => config with { DtlsRole = serverIs });
        var late = serverIs is DtlsRole.Server ? world.Server : world.Caller; // the one that waits for a ClientHello
        world.Net.Firewalls.Add(packet => packet.From != late || !IsRequest(packet) || world.Net.Elapsed > TimeSpan.FromMilliseconds(300));
        world.Connect();

        Assert.InRange(world.Net.Elapsed.TotalMilliseconds, 340, 1050); // checks leave every 0.25 to 0.5 s
        Assert.DoesNotContain(late.Of<Observation.DatagramDropped>(), drop => drop.Reason is DropReason.NoDtlsYet or DropReason.NoRoute);
    }

    [Fact]
    public void Media_that_overtakes_the_last_flight_is_dropped_and_what_follows_is_heard()
    {
        using var world = new PeerWorld(server: config => config with { DtlsRole = DtlsRole.Client });
        bool hold = true; // the caller is the DTLS server: it has keys before its last flight, which begins with ChangeCipherSpec, is here
        world.Net.Firewalls.Add(packet => !hold || packet.From != world.Caller || packet.Payload[0] != 20);
        world.Dial();
        world.Net.RunUntil(() => world.Caller.Of<PeerEvent.Connected>().Any(), TimeSpan.FromSeconds(2));
        PeerWorld.Say(world.Caller, Frame, 0);
        world.Run(0.03);
        Assert.Contains(world.Server.Of<Observation.DatagramDropped>(), drop => drop.Reason is DropReason.NoDtlsYet);

        hold = false;
        world.Run(2);
        PeerWorld.Say(world.Caller, Frame, 160);
        world.Run(1);

        Assert.Single(PeerWorld.Heard(world.Server));
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void Both_sides_report_every_few_seconds_and_know_the_round_trip()
    {
        using var world = new PeerWorld().Connect();
        for (int i = 0; i < 3_000; i++) // a minute
        {
            PeerWorld.Say(world.Caller, Frame, (uint)(160 * i));
            PeerWorld.Say(world.Server, Frame, (uint)(160 * i));
            world.Run(0.02);
        }

        foreach (var side in new[] { world.Caller, world.Server })
        {
            var reports = side.Seen.Where(s => s.Value is Observation.RemoteReport).ToArray();
            Assert.InRange(reports.Length, 8, 30);
            for (int i = 1; i < reports.Length; i++)
                Assert.InRange((reports[i].At - reports[i - 1].At).TotalSeconds, 1.9, 6.3); // RFC 3550 §6.3.1
            var last = (Observation.RemoteReport)reports[^1].Value!;
            Assert.InRange(last.RoundTrip!.Value.TotalMilliseconds, 39.9, 40.1);
            Assert.Equal(0, last.CumulativeLost);
        }
    }

    [Fact]
    public void A_NAT_that_forgets_its_bindings_costs_seconds_and_not_the_call()
    {
        using var world = new PeerWorld();
        var nat = new Nat(PeerWorld.Address("203.0.113.1", 0), Dependence.AddressAndPortDependent, Dependence.AddressAndPortDependent);
        Simulation.Move(world.Caller, world.Net.Behind(nat));
        world.Connect();
        world.Run(10);

        nat.Reboot();
        world.Run(8);
        world.Say("after");
        PeerWorld.Say(world.Caller, Frame, 0);
        PeerWorld.Say(world.Server, Frame, 0);
        world.Run(2);

        Assert.Single(world.Server.Of<PeerEvent.ChannelMessage>());
        Assert.Single(PeerWorld.Heard(world.Server));
        Assert.Single(PeerWorld.Heard(world.Caller));
        Assert.Single(world.Server.Of<PeerEvent.Connected>());
        world.Run(60);
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void A_lite_peer_is_checked_nominated_and_talked_to()
    {
        using var world = new PeerWorld();
        string answer = world.Answer(world.Offer().Replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n", StringComparison.Ordinal));
        world.Caller.Do((peer, now) => peer.TryAcceptAnswer(answer, now, out _)); // not lite at all: one of the two must give way
        world.Net.RunUntil(() => world.Server.Of<PeerEvent.Connected>().Any(), TimeSpan.FromSeconds(5));

        Assert.NotEmpty(world.Server.Of<Observation.RoleSwitched>());
        Assert.Single(world.Server.Of<PeerEvent.PathSelected>());
    }

    [Fact]
    public void Candidates_may_come_before_the_offer_after_it_in_any_order_or_not_at_all()
    {
        string[] lines =
        [
            "candidate:1 1 udp 2130706431 192.0.2.10 50000 typ host generation 0 ufrag abcd network-id 1",
            "candidate:2 1 udp 1 f2a1bc34-0000-4000-8000-000000000000.local 50000 typ host",
            "candidate:3 1 tcp 1518280447 192.0.2.10 9 typ host tcptype active",
            "candidate:4 2 udp 1 192.0.2.10 50001 typ host",
            "",
        ];
        for (int when = 0; when < 4; when++)
        {
            using var world = new PeerWorld();
            string offer = WithoutCandidates(world.Offer());
            if (when == 0) Trickle();
            world.Accept(offer);
            if (when == 1) Trickle();
            if (when == 2) world.Net.After(TimeSpan.FromSeconds(5), Trickle);
            world.Caller.Do((peer, now) => peer.OpenChannel("chat", now));
            world.Net.RunUntil(() => world.Server.Of<PeerEvent.ChannelOpened>().Any(), TimeSpan.FromSeconds(6));
            world.Run(60);
            Assert.Empty(world.Terminal());

            void Trickle() => world.Server.Do((peer, now) => Assert.All(lines, line => Assert.True(peer.AddRemoteCandidate(line, now))));
        }
    }

    [Fact]
    public void A_flood_of_candidates_does_not_keep_a_call_from_connecting()
    {
        using var world = new PeerWorld();
        world.Dial();
        for (int i = 0; i < 2_000; i++)
        {
            string line = $"candidate:{i} 1 udp {1_000_000 + i} 10.{i >> 16}.{i >> 8 & 255}.{i & 255} 5000 typ host"; // each better than the last
            world.Server.Do((peer, now) => Assert.True(peer.AddRemoteCandidate(line, now)));
        }

        world.Net.RunUntil(() => world.Server.Of<PeerEvent.ChannelOpened>().Any(), TimeSpan.FromSeconds(15));
        world.Run(20);
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void Someone_elses_datagrams_change_nothing_whatever_they_say()
    {
        using var world = new PeerWorld().Connect();
        var stranger = PeerWorld.Address("203.0.113.66", 6666);
        var wire = new List<byte[]>();
        world.Net.Firewalls.Add(packet => { if (packet.From == world.Caller) wire.Add(packet.Payload); return true; });
        PeerWorld.Say(world.Caller, Frame, 0);
        world.Say("overheard");
        world.Run(7); // media, data, a report and a check

        int heard = PeerWorld.Heard(world.Server).Count(), sent = world.Net.Sent;
        foreach (byte[] packet in wire.Where(p => p[0] > 3)) world.Server.Deliver(stranger, world.Server.Addresses[0], packet);
        Assert.Equal(heard, PeerWorld.Heard(world.Server).Count());
        Assert.Equal(sent, world.Net.Sent); // not a word to the stranger

        // The same again from the right address: replayed media and records are refused, and a replayed check is harmless.
        foreach (byte[] packet in wire) world.Server.Deliver(world.Caller.Addresses[0], world.Server.Addresses[0], packet);
        world.Run(1);
        Assert.Equal(heard, PeerWorld.Heard(world.Server).Count());
        Assert.Single(world.Server.Of<PeerEvent.ChannelMessage>());
        Assert.Empty(world.Terminal());
    }

    private static bool IsRequest(Packet packet) => packet.Payload is [0, 1, ..];

    internal static string WithoutCandidates(string sdp)
        => string.Concat(sdp.Split("\r\n").Where(l => l.Length > 0 && !l.StartsWith("a=candidate", StringComparison.Ordinal) && l != "a=end-of-candidates").Select(l => l + "\r\n"));
}
