using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Xunit;

namespace Thaw.Tests.Peer;

/// <summary>What the host tells a connection of its own ends: TCP listeners, streams that close, candidates that come later.</summary>
public sealed class LocalPathTests
{
    private static readonly TransportAddress Udp = PeerWorld.Address("198.51.100.20", 7860), Tcp = Udp.Over(TransportProtocol.Tcp);
    private static readonly TransportAddress Relayed = PeerWorld.Address("203.0.113.99", 5000);

    private static readonly Candidate UdpHost = new(CandidateType.Host, Udp, Udp, CandidatePriority.Of(CandidateType.Host, 65535), "1");
    private static readonly Candidate TcpHost = new(CandidateType.Host, Tcp, Tcp, CandidatePriority.OfPassiveTcp(0), "2");
    private static readonly Candidate Relay = new(CandidateType.Relayed, Relayed, Relayed, CandidatePriority.OfRelayed(RelayTransport.Udp, 0), "3");

    [Fact]
    public void A_listener_is_answered_as_a_passive_candidate_below_UDP()
    {
        using var world = new PeerWorld();
        world.Server.Do((peer, now) => peer.UpdateLocalCandidates([UdpHost, TcpHost], now));

        string answer = world.Answer(world.Offer());

        Assert.Contains($"a=candidate:2 1 tcp {TcpHost.Priority} 198.51.100.20 7860 typ host tcptype passive\r\n", answer, StringComparison.Ordinal);
        Assert.True(TcpHost.Priority < Relay.Priority && Relay.Priority < UdpHost.Priority);
    }

    [Theory]
    [InlineData("candidate:1 1 tcp 1518280447 192.0.2.10 9 typ host tcptype active generation 0 ufrag abcd network-id 1")]
    [InlineData("candidate:1 1 TCP 1518280447 192.0.2.10 50000 typ host tcptype passive")]
    [InlineData("candidate:1 1 tcp 1518280447 192.0.2.10 50000 typ host tcptype so")]
    public void The_peers_TCP_candidates_are_noted_and_never_dialled(string line)
    {
        using var world = new PeerWorld();
        world.Accept(world.Offer());
        world.Server.Do((peer, now) => peer.UpdateLocalCandidates([UdpHost, TcpHost], now));
        int sent = world.Net.Sent;

        world.Server.Do((peer, now) => Assert.True(peer.AddRemoteCandidate(line, now)));

        Assert.Equal(CandidateUnused.NotUdp, world.Server.Of<Observation.RemoteCandidateUnused>().Last().Reason);
        Assert.Equal(sent, world.Net.Sent);
    }

    [Fact]
    public void A_path_that_closes_is_lost_at_once_and_found_again_by_the_peers_next_check()
    {
        using var world = new PeerWorld().Connect();
        var path = world.Server.Of<PeerEvent.PathSelected>().Last();

        world.Server.Do((peer, now) => peer.PathClosed(path.Local.Base, path.Remote.Address, now));
        Assert.Single(world.Server.Of<PeerEvent.PathLost>());

        world.Run(10);
        world.Say("still here?");
        world.Run(1);
        Assert.Single(world.Server.Of<PeerEvent.ChannelMessage>());
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void Candidates_that_the_host_learns_later_are_in_the_next_answer_and_the_first_stays_true()
    {
        using var world = new PeerWorld();
        world.Server.Do((peer, now) => peer.UpdateLocalCandidates([UdpHost], now));
        string first = world.Answer(world.Offer());

        world.Server.Do((peer, now) => peer.UpdateLocalCandidates([UdpHost, Relay], now));
        world.Server.Do((peer, now) => peer.UpdateLocalCandidates([UdpHost with { Priority = 1 }, Relay], now)); // another rank is not another candidate
        string second = world.Answer(world.Offer());

        Assert.DoesNotContain("typ relay", first, StringComparison.Ordinal);
        Assert.Contains("203.0.113.99 5000 typ relay", second, StringComparison.Ordinal);
        Assert.Equal(2, world.Server.Of<Observation.LocalCandidateLearned>().Count());
    }
}
