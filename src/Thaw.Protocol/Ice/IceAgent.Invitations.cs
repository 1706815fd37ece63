using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Ice;

public sealed partial class IceAgent
{
    private readonly Queue<PairPath> _invitations = [];

    /// <summary>
    /// The peer will probably come from this IP address, whatever candidates it names. A relay lets nobody in whom we have not
    /// addressed (RFC 8656 §9), so each relayed candidate sends there once: a Binding indication, which nobody answers
    /// (RFC 8489 §2). No candidate and no pair comes of it; the peer's own check makes those.
    /// </summary>
    public void Expect(TransportAddress peer, Instant now)
    {
        foreach (var local in _locals)
        {
            if (local.Type is not CandidateType.Relayed || local.Base.IsIPv4 != peer.IsIPv4 || Refuse(local, peer) is not null) continue;
            if (_invitations.Count < MaxLocals) _invitations.Enqueue(new PairPath(local.Base, peer));
        }

        Settle(now);
    }

    private Output Write(PairPath invitation, Span<byte> buffer)
    {
        var indication = new StunWriter(buffer, StunMethod.Binding, StunClass.Indication, TransactionId.Next(_random));
        indication.AddFingerprint();
        return Output.Transmit(invitation.LocalBase, invitation.Remote, indication.Finish());
    }
}
