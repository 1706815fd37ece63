using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Stun;
using Thaw.Tests.Stun;
using Xunit;

namespace Thaw.Tests.Ice;

public sealed class HostileTests
{
    [Fact]
    public void No_bit_flip_of_a_nominating_check_changes_anything()
    {
        var peer = new ScriptedPeer();
        peer.MakeValid(0);
        peer.MakeValid(1);
        peer.Check(0, useCandidate: true);
        var selected = peer.Agent.Selected;
        byte[] request = peer.Request(useCandidate: true);

        for (int bit = 0; bit < request.Length * 8; bit++)
        {
            byte[] flipped = [.. request];
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            peer.Observations.Clear();
            peer.Receive(1, flipped);
            Assert.IsType<Observation.DatagramDropped>(Assert.Single(peer.Observations));
        }

        Assert.Same(selected, peer.Agent.Selected);
        Assert.Equal(3, peer.Agent.Pairs.Count);
    }

    [Fact]
    public void Garbage_never_throws_and_never_counts()
    {
        var peer = new ScriptedPeer();
        Gen.Byte.Array[0, 120].Sample(bytes => peer.Receive(0, bytes), iter: 2000, threads: 1);
        Assert.All(peer.Agent.Pairs, pair => Assert.False(pair.HeardPeer));
    }

    [Fact]
    public void What_is_refused_says_why_and_is_not_answered()
    {
        var peer = new ScriptedPeer();
        Refused(DropReason.UnknownUsername, peer.Request(false, username: "nope:remo"));
        Refused(DropReason.UnknownUsername, peer.Request(false, username: "locl"));
        Refused(DropReason.BadIntegrity, peer.Request(false, password: "wrong"));
        Refused(DropReason.MissingAttribute, peer.Request(false, password: ""));
        Refused(DropReason.BadFingerprint, peer.Request(false, spoil: request => request[^1] ^= 1));
        Refused(DropReason.UnknownTransaction, StunSamples.ResponseIPv4);

        void Refused(DropReason reason, byte[] datagram)
        {
            peer.Observations.Clear();
            peer.Receive(0, datagram);
            Assert.Equal(reason, Assert.IsType<Observation.DatagramDropped>(Assert.Single(peer.Observations)).Reason);
            Assert.Equal(-1, peer.LastAnswer);
        }
    }

    [Fact]
    public void An_attribute_that_must_be_understood_is_refused_with_420()
    {
        var peer = new ScriptedPeer();
        peer.Receive(0, peer.Request(true, unknown: 0x7001));
        Assert.Equal(StunErrorCode.UnknownAttribute, peer.LastAnswer);
        Assert.Empty(peer.Observations.OfType<Observation.CheckReceived>());

        peer.Receive(0, peer.Request(true, unknown: 0xC057)); // Chromium's network-info may be ignored
        Assert.Equal(0, peer.LastAnswer);
    }

    [Fact]
    public void An_answer_counts_once_only_from_where_it_was_asked_and_with_the_peers_password()
    {
        var peer = new ScriptedPeer();
        var asked = peer.Asked[0];
        peer.Answer((peer[2], asked.Transaction)); // not symmetric
        peer.Answer(asked, password: "wrong");
        Assert.DoesNotContain(peer.Agent.Pairs, pair => pair.State is CandidatePairState.Succeeded);

        peer.Answer(asked);
        Assert.Equal(CandidatePairState.Succeeded, peer.Agent.Pairs[0].State);
        peer.Answer(asked);
        Assert.Single(peer.Observations.OfType<Observation.CheckAnswered>());
    }

    [Fact]
    public void An_unauthenticated_error_is_a_fact_and_not_a_verdict()
    {
        var peer = new ScriptedPeer();
        peer.Refuse(peer.Asked[0], StunErrorCode.Unauthenticated, authenticated: false);
        Assert.Equal(CandidatePairState.InProgress, peer.Agent.Pairs[0].State);
        Assert.Contains(peer.Observations.OfType<Observation.CheckRejected>(), fact => fact is { Code: 401, Authenticated: false });
    }

    [Fact]
    public void A_storm_of_candidates_keeps_the_best_hundred_whenever_they_come()
    {
        var peer = new ScriptedPeer();
        peer.MakeValid(0);
        for (int i = 0; i < 300; i++)
        {
            var address = IceWorld.Address("203.0.113.1", 1000 + i);
            peer.Do((agent, now) => agent.AddRemoteCandidate(IceWorld.Host(address, (ushort)i), now));
        }

        Assert.Equal(100, peer.Agent.Pairs.Count);
        Assert.Contains(peer.Agent.Pairs, pair => pair.Remote.Address.Port == 1299);
        Assert.DoesNotContain(peer.Agent.Pairs, pair => pair.Remote.Address.Port == 1000);
        Assert.NotNull(peer.Agent.Usable);
    }

    [Fact]
    public void A_storm_of_authenticated_checks_is_bounded_too()
    {
        var peer = new ScriptedPeer();
        for (int i = 0; i < 1000; i++)
        {
            var from = IceWorld.Address("203.0.113.1", 1000 + i);
            byte[] request = peer.Request(useCandidate: false);
            peer.Do((agent, now) => agent.Receive(new Datagram(from, IceWorld.Address("192.0.2.1"), request), now));
        }

        Assert.Equal(100, peer.Agent.Pairs.Count);
    }

    [Theory]
    [InlineData("0.0.0.0", 5000)]
    [InlineData("::", 5000)]
    [InlineData("224.0.0.1", 5000)]
    [InlineData("255.255.255.255", 5000)]
    [InlineData("ff02::1", 5000)]
    [InlineData("198.51.100.7", 0)]
    public void An_address_that_is_no_ones_is_ignored(string address, int port)
    {
        var peer = new ScriptedPeer();
        peer.Do((agent, now) => agent.AddRemoteCandidate(IceWorld.Host(IceWorld.Address(address, port)), now));
        Assert.Contains(peer.Observations, fact => fact is Observation.CandidateIgnored { Reason: CandidateRefusal.UnusableAddress });
    }

    [Fact]
    public void Routing_media_allocates_nothing()
    {
        var peer = new ScriptedPeer();
        peer.MakeValid(0);
        byte[] buffer = new byte[Output.BufferLength];
        var @base = IceWorld.Address("192.0.2.1");
        Assert.True(Once());

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        bool Once() => peer.Agent.Accepts(peer[0], @base) & !peer.Agent.Accepts(peer[0], peer[1])
            & peer.Agent is { MaySend: true, Usable: not null } & peer.Agent.Poll(buffer, peer.Now).Kind is OutputKind.Idle;
    }
}
