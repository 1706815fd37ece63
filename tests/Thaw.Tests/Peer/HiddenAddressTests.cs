using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Xunit;

namespace Thaw.Tests.Peer;

/// <summary>Candidates whose address is a name, and servers whose address is another outside.</summary>
public sealed class HiddenAddressTests
{
    private const string Name = "f2a1bc34-0000-4000-8000-000000000000.local";
    private const string Line = $"candidate:2 1 udp 2113937151 {Name} 50000 typ host";

    [Fact]
    public void A_name_is_told_and_its_address_becomes_the_candidate_that_it_was()
    {
        using var world = new PeerWorld();
        world.Answer(JointTests.WithoutCandidates(world.Offer()));
        Trickle(world, Line);
        Assert.Equal(Name, Assert.Single(world.Server.Of<PeerEvent.NameToResolve>()).Name);
        Assert.DoesNotContain(world.Server.Of<Observation.RemoteCandidateLearned>(), seen => seen.Origin is CandidateOrigin.Signalled);

        var found = PeerWorld.Address("192.0.2.10", 0);
        world.Server.Do((peer, now) => peer.NameResolved(Name, [found], now));

        var learned = Assert.Single(world.Server.Of<Observation.RemoteCandidateLearned>()).Candidate;
        Assert.Equal((CandidateType.Host, found.WithPort(50_000), 2113937151u, "2"), (learned.Type, learned.Address, learned.Priority, learned.Foundation));
    }

    [Fact]
    public void A_call_connects_by_a_resolved_name_where_the_caller_cannot_check_first()
    {
        using var world = new PeerWorld();
        string answer = world.Answer(JointTests.WithoutCandidates(world.Offer()));
        world.Caller.Do((peer, now) => Assert.True(peer.TryAcceptAnswer(JointTests.WithoutCandidates(answer), now, out _))); // it knows no address of the server's
        Trickle(world, Line);
        world.Server.Do((peer, now) => peer.NameResolved(Name, [PeerWorld.Address("192.0.2.10", 0)], now));

        world.Net.RunUntil(() => world.Server.Of<PeerEvent.Connected>().Any(), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Nothing_waits_for_a_name_that_nobody_answers()
    {
        using var world = new PeerWorld();
        world.Accept(JointTests.WithoutCandidates(world.Offer()));
        Trickle(world, Line);
        world.Net.RunUntil(() => world.Server.Of<PeerEvent.Connected>().Any(), TimeSpan.FromSeconds(5)); // peer-reflexive
        world.Server.Do((peer, now) => peer.NameResolved(Name, [], now));
        world.Run(5);

        Assert.Equal(CandidateUnused.NameUnresolved, Assert.Single(world.Server.Of<Observation.RemoteCandidateUnused>()).Reason);
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void A_name_is_told_once_however_many_candidates_have_it()
    {
        using var world = new PeerWorld();
        world.Answer(JointTests.WithoutCandidates(world.Offer()));
        Trickle(world, Line, Line, Line.Replace("50000", "50002", StringComparison.Ordinal), Line.Replace(Name, Name.ToUpperInvariant(), StringComparison.Ordinal).Replace("50000", "50004", StringComparison.Ordinal));
        world.Server.Do((peer, now) => peer.NameResolved(Name, [PeerWorld.Address("192.0.2.10", 0)], now));

        Assert.Single(world.Server.Of<PeerEvent.NameToResolve>());
        Assert.Equal([50_000, 50_002, 50_004], world.Server.Of<Observation.RemoteCandidateLearned>().Select(seen => (int)seen.Candidate.Address.Port));
    }

    [Fact]
    public void News_that_nobody_waits_for_does_nothing()
    {
        using var world = new PeerWorld();
        world.Answer(JointTests.WithoutCandidates(world.Offer()));
        world.Server.Do((peer, now) => peer.NameResolved("other.local", [PeerWorld.Address("192.0.2.66", 0)], now));

        Assert.Empty(world.Server.Of<Observation.RemoteCandidateLearned>());
    }

    [Fact]
    public void A_restart_forgets_the_names_of_the_generation_before_it()
    {
        using var world = new PeerWorld();
        world.Dial();
        Trickle(world, Line);
        world.Answer(world.Offer(restartIce: true));
        int before = world.Server.Of<Observation.RemoteCandidateLearned>().Count();
        world.Server.Do((peer, now) => peer.NameResolved(Name, [PeerWorld.Address("192.0.2.66", 0)], now));

        Assert.Equal(before, world.Server.Of<Observation.RemoteCandidateLearned>().Count());
    }

    [Theory]
    [InlineData("candidate:2 1 udp 1 voice.example.org 50000 typ host", CandidateUnused.HostName)]
    [InlineData("candidate:2 1 udp 1 a.b.local 50000 typ host", CandidateUnused.HostName)]
    [InlineData("candidate:2 1 tcp 1 a.local 9 typ host tcptype active", CandidateUnused.NotUdp)]
    public void Other_names_are_noted_and_never_told(string line, CandidateUnused why)
    {
        using var world = new PeerWorld();
        world.Answer(JointTests.WithoutCandidates(world.Offer()));
        Trickle(world, line);

        Assert.Empty(world.Server.Of<PeerEvent.NameToResolve>());
        Assert.Equal(why, Assert.Single(world.Server.Of<Observation.RemoteCandidateUnused>()).Reason);
    }

    [Fact]
    public void A_flood_of_names_ends_at_sixteen()
    {
        using var world = new PeerWorld();
        world.Answer(JointTests.WithoutCandidates(world.Offer()));
        for (int i = 0; i < 100; i++) Trickle(world, $"candidate:{i} 1 udp 1 name-{i}.local 50000 typ host");

        Assert.Equal(16, world.Server.Of<PeerEvent.NameToResolve>().Count());
        Assert.Equal(84, world.Server.Of<Observation.RemoteCandidateUnused>().Count());
    }

    private static void Trickle(PeerWorld world, params string[] lines)
    {
        foreach (string line in lines) world.Server.Do((peer, now) => Assert.True(peer.AddRemoteCandidate(line, now)));
    }
}
