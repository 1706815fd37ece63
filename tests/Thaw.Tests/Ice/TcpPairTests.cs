using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Stun;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Ice;

/// <summary>
/// ICE-TCP as the agent sees it: alice is a browser that dials, from a port that nobody signalled, bob the passive side.
/// </summary>
public sealed class TcpPairTests
{
    private static readonly TransportAddress Listener = IceWorld.Address("198.51.100.2", 7860).Over(TransportProtocol.Tcp);
    private static readonly Candidate Passive = new(CandidateType.Host, Listener, Listener, CandidatePriority.OfPassiveTcp(0), "1t");

    private readonly IceWorld _world = new();

    public TcpPairTests()
    {
        _world.Bob.Attach(Listener, _world.Net.Internet);
        _world.Bob.Do((agent, now) => agent.AddLocalCandidate(Passive, now));
        IceWorld.Credentials(_world.Alice, _world.Bob);
        IceWorld.Credentials(_world.Bob, _world.Alice);
    }

    [Fact]
    public void A_check_on_a_stream_makes_a_peer_reflexive_candidate_over_TCP_and_the_pair_is_selected()
    {
        var stream = Dial(50_001);
        _world.RunUntilBothSelected();

        Assert.True(_world.AgreeOnPath, _world.Net.Report());
        var (local, remote) = (_world.Bob.Machine.Selected!.Local, _world.Bob.Machine.Selected.Remote);
        Assert.Equal(Passive, local);
        Assert.Equal((CandidateType.PeerReflexive, stream, TransportProtocol.Tcp), (remote.Type, remote.Address, remote.Address.Protocol));
        Assert.True(_world.Bob.Machine.MaySend);
        Assert.True(_world.Bob.Machine.Accepts(stream, Listener));
        Assert.False(_world.Bob.Machine.Accepts(stream.Over(TransportProtocol.Udp), Listener.Over(TransportProtocol.Udp)));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(200)]
    public void UDP_wins_wherever_it_works(double latencyMs)
    {
        IceWorld.Candidates(_world.Alice, _world.Bob);
        IceWorld.Candidates(_world.Bob, _world.Alice);
        _world.Net.DefaultLink = new Link(latencyMs);
        Dial(50_001);
        _world.RunUntilBothSelected();
        _world.Run(3);

        Assert.True(_world.AgreeOnPath, _world.Net.Report());
        Assert.Equal(TransportProtocol.Udp, _world.Bob.Machine.Selected!.Local.Base.Protocol);
    }

    [Fact]
    public void Where_UDP_is_blocked_TCP_connects_in_two_round_trips()
    {
        BlockUdp();
        IceWorld.Candidates(_world.Bob, _world.Alice);
        Dial(50_001);
        _world.RunUntilBothSelected(1.5);

        Assert.Equal(TransportProtocol.Tcp, _world.Bob.Machine.Selected!.Local.Base.Protocol);
    }

    [Fact]
    public void Signalled_TCP_candidates_make_no_pair_with_UDP_ones()
    {
        var far = IceWorld.Address("203.0.113.9", 9).Over(TransportProtocol.Tcp);
        _world.Alice.Do((agent, now) => agent.AddRemoteCandidate(IceWorld.Host(far), now));

        Assert.Empty(_world.Alice.Machine.Pairs);
    }

    [Fact]
    public void Checks_over_TCP_are_not_repeated_like_datagrams()
    {
        _world.Bob.IsOff = true;
        Dial(50_001);
        _world.Run(30);

        Assert.Equal([0, 5, 10, 15], _world.Alice.Seen.Where(s => s.Value is Observation.CheckSent).Select(s => Math.Round((s.At - new Instant(0)).TotalSeconds)));
        Assert.Single(_world.Alice.Of<Observation.CheckTimedOut>());
    }

    [Fact]
    public void Consent_is_kept_over_TCP_and_lost_where_nobody_answers()
    {
        Dial(50_001);
        _world.RunUntilBothSelected();
        _world.Run(90);
        Assert.True(_world.Alice.Machine.MaySend && _world.Bob.Machine.MaySend);

        _world.Alice.IsOff = true;
        _world.Run(31);
        Assert.Single(_world.Bob.Of<IceEvent.ConsentLost>());
    }

    [Fact]
    public void A_closed_stream_is_lost_at_once_and_the_next_one_takes_over()
    {
        var first = Dial(50_001);
        _world.RunUntilBothSelected();

        Close(first);
        Assert.Single(_world.Bob.Of<IceEvent.ConsentLost>());
        Assert.Single(_world.Bob.Of<Observation.StreamClosed>());
        Assert.False(_world.Bob.Machine.Accepts(first, Listener));

        var second = Dial(50_002);
        _world.Run(2);
        Assert.Single(_world.Bob.Of<IceEvent.ConsentRegained>());
        Assert.Equal(second, _world.Bob.Machine.Selected!.Remote.Address);
    }

    [Fact]
    public void However_often_a_peer_connects_anew_there_is_room_for_it()
    {
        for (int i = 0; i < 300; i++) // a checklist has room for 100
        {
            var stream = _world.Alice.Addresses[0].WithPort((ushort)(50_000 + i)).Over(TransportProtocol.Tcp);
            byte[] check = Check(_world.Bob.Machine.Local, _world.Alice.Machine.Local.Ufrag, (ulong)i);
            _world.Bob.Do((agent, now) => agent.Receive(new Datagram(stream, Listener, check), now));
            Assert.Contains(_world.Bob.Machine.Pairs, pair => pair.Remote.Address == stream);
            _world.Bob.Do((agent, now) => agent.PathClosed(Listener, stream, now));
        }

        Assert.Empty(_world.Bob.Machine.Pairs);
        Assert.Empty(_world.Bob.Of<Observation.CandidateIgnored>());
    }

    [Fact]
    public void An_agent_that_worked_does_not_fail_for_good_because_its_only_stream_closed()
    {
        var stream = Dial(50_001);
        _world.Run(45); // past RFC 8863's patience
        Close(stream);
        _world.Run(1);

        Assert.Single(_world.Bob.Of<IceEvent.ConsentLost>());
        Assert.Empty(_world.Bob.Of<IceEvent.ChecksFailed>());
    }

    [Fact]
    public void A_stream_that_closes_before_the_peer_is_known_leaves_nothing()
    {
        var world = new IceWorld();
        world.Bob.Do((agent, now) => agent.PathClosed(Listener, IceWorld.Address("192.0.2.1", 1).Over(TransportProtocol.Tcp), now));

        Assert.Empty(world.Bob.Of<IceEvent>());
    }

    [Fact]
    public void A_translated_TCP_base_does_not_rise_above_UDP()
        => Assert.True(CandidatePriority.AsPeerReflexive(Passive.Priority, TransportProtocol.Tcp) < CandidatePriority.OfRelayed(RelayTransport.Udp, 8191));

    // A browser's dial: a base of its own that only the connection knows, and the one remote candidate that it can reach.
    private TransportAddress Dial(int port)
    {
        var @base = _world.Alice.Addresses[0].WithPort((ushort)port).Over(TransportProtocol.Tcp);
        _world.Alice.Attach(@base, _world.Net.Internet);
        var active = new Candidate(CandidateType.Host, @base, @base, CandidatePriority.OfPassiveTcp(0), "2t");
        _world.Alice.Do((agent, now) => agent.AddRemoteCandidate(Passive, now));
        _world.Alice.Do((agent, now) => agent.AddLocalCandidate(active, now));
        return @base;
    }

    private static byte[] Check(IceCredentials of, string by, ulong transaction)
    {
        var writer = new StunWriter(new byte[200], StunMethod.Binding, StunClass.Request, new TransactionId(transaction, 0));
        writer.Add(StunAttributeType.Username, Encoding.UTF8.GetBytes($"{of.Ufrag}:{by}"));
        writer.AddIntegrity(Encoding.UTF8.GetBytes(of.Password));
        writer.AddFingerprint();
        return writer.Finish().ToArray();
    }

    private void Close(TransportAddress stream)
    {
        _world.Alice.Detach(stream);
        _world.Alice.Do((agent, now) => agent.PathClosed(stream, Listener, now));
        _world.Bob.Do((agent, now) => agent.PathClosed(Listener, stream, now));
    }

    private void BlockUdp() => _world.Net.Firewalls.Add(packet => packet.Destination.Protocol is TransportProtocol.Tcp);
}
