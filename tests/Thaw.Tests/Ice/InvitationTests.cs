using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Stun;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Ice;

/// <summary>Whom a relay of ours must let in, though no candidate names him.</summary>
public sealed class InvitationTests
{
    private static readonly TransportAddress Host = IceWorld.Address("10.0.0.1"), Relay = IceWorld.Address("192.0.2.50", 50_000), Client = IceWorld.Address("203.0.113.7", 9);

    private readonly IceAgent _agent = new(IceRole.Controlled, IceCredentials.Create(new SeededRandom(1), "s"), new SeededRandom(2), new Instant(0));

    public InvitationTests() => _agent.AddLocalCandidate(IceWorld.Host(Host), new Instant(0));

    [Fact]
    public void Each_relayed_candidate_sends_one_indication_there_and_no_other_does()
    {
        _agent.AddLocalCandidate(IceWorld.Candidate(CandidateType.Relayed, Relay, Relay), new Instant(0));
        _agent.Expect(Client, new Instant(0));

        var (source, destination, payload) = Assert.Single(Sent());
        Assert.Equal((Relay, Client), (source, destination));
        Assert.Null(StunReader.TryRead(payload, out var message));
        Assert.Equal((StunMethod.Binding, StunClass.Indication, StunSeal.Valid), (message.Method, message.Class, message.CheckFingerprint()));
        Assert.Empty(_agent.Pairs);
    }

    [Fact]
    public void Without_a_relay_of_that_family_nothing_is_sent()
    {
        _agent.AddLocalCandidate(IceWorld.Candidate(CandidateType.Relayed, Relay, Relay), new Instant(0));
        _agent.Expect(IceWorld.Address("2001:db8::7", 9), new Instant(0));

        Assert.Empty(Sent());
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    public void What_is_nobodys_address_is_not_expected(string address)
    {
        _agent.AddLocalCandidate(IceWorld.Candidate(CandidateType.Relayed, Relay, Relay), new Instant(0));
        _agent.Expect(IceWorld.Address(address, 9), new Instant(0));

        Assert.Empty(Sent());
    }

    private List<(TransportAddress Source, TransportAddress Destination, byte[] Payload)> Sent()
    {
        var sent = new List<(TransportAddress, TransportAddress, byte[])>();
        byte[] buffer = new byte[Output.BufferLength];
        while (true)
        {
            var output = _agent.Poll(buffer, new Instant(0));
            if (output.Kind is OutputKind.Idle) return sent;
            if (output.Kind is OutputKind.Transmit) sent.Add((output.Source, output.Destination, output.Payload.ToArray()));
        }
    }
}
