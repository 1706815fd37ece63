using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    /// <summary>RFC 8656 §10.2: all of its peers or none.</summary>
    private void CreatePermission(in StunReader request, in Asked asked, Allocation allocation, Instant now)
    {
        int fresh = 0, named = 0;
        foreach (var attribute in request)
        {
            if (attribute.Type is not StunAttributeType.XorPeerAddress) continue;
            named++;
            if (!attribute.TryReadXorAddress(asked.Transaction, out var peer))
            {
                Refuse(asked, allocation.Identity, StunErrorCode.BadRequest, new TurnRefusal.BadAttribute(attribute.Type));
                return;
            }

            if (Judge(allocation, peer.Over(allocation.Protocol), hasPort: false) is var (code, refusal))
            {
                Refuse(asked, allocation.Identity, code, refusal);
                return;
            }

            if (allocation.FindPermission(peer, now) is null) fresh++;
        }

        if (named == 0)
        {
            Refuse(asked, allocation.Identity, StunErrorCode.BadRequest, new TurnRefusal.BadAttribute(StunAttributeType.XorPeerAddress));
            return;
        }

        if (!HasRoom(asked, allocation, fresh, channels: 0, now)) return;
        foreach (var attribute in request)
        {
            if (attribute.Type is StunAttributeType.XorPeerAddress && attribute.TryReadXorAddress(asked.Transaction, out var peer))
                allocation.Permit(peer, IsHairpin(peer), now + PermissionLifetime);
        }

        Schedule(allocation);
        var writer = Begin(asked, StunClass.SuccessResponse);
        Finish(ref writer, asked, allocation.Identity);
    }

    /// <summary>RFC 8656 §12.2.</summary>
    private void BindChannel(in StunReader request, in Asked asked, Allocation allocation, Instant now)
    {
        if (!request.TryFind(StunAttributeType.ChannelNumber, out var attribute) || !attribute.TryReadUInt32(out uint value)
            || value >> 16 is not (>= ChannelBinding.First and <= ChannelBinding.Last))
        {
            Refuse(asked, allocation.Identity, StunErrorCode.BadRequest, new TurnRefusal.BadAttribute(StunAttributeType.ChannelNumber));
            return;
        }

        ushort number = (ushort)(value >> 16);
        if (!request.TryReadXorAddress(StunAttributeType.XorPeerAddress, out var peer))
        {
            Refuse(asked, allocation.Identity, StunErrorCode.BadRequest, new TurnRefusal.BadAttribute(StunAttributeType.XorPeerAddress));
            return;
        }

        if (Judge(allocation, peer, hasPort: true) is var (code, refusal))
        {
            Refuse(asked, allocation.Identity, code, refusal);
            return;
        }

        var byNumber = allocation.FindChannel(number, now);
        var byPeer = allocation.FindChannel(peer, now);
        if (byNumber != byPeer)
        {
            Refuse(asked, allocation.Identity, StunErrorCode.BadRequest, new TurnRefusal.ChannelInUse((byNumber ?? byPeer)!.Number, (byNumber ?? byPeer)!.Peer));
            return;
        }

        int permissions = allocation.FindPermission(peer, now) is null ? 1 : 0;
        if (!HasRoom(asked, allocation, permissions, byNumber is null ? 1 : 0, now)) return;
        var permission = allocation.Permit(peer, IsHairpin(peer), now + PermissionLifetime);
        allocation.Bind(number, peer, permission, now + ChannelLifetime);
        Schedule(allocation);
        var writer = Begin(asked, StunClass.SuccessResponse);
        Finish(ref writer, asked, allocation.Identity);
    }

    private (int Code, TurnRefusal Refusal)? Judge(Allocation allocation, TransportAddress peer, bool hasPort)
    {
        // Forbidden before mismatched: a mapped ::ffff:127.0.0.1 is 127.0.0.1, whatever the allocation.
        var rule = IsHairpin(peer) ? JudgeHairpin(peer, hasPort) : hasPort ? _options.Policy.Judge(peer) : _options.Policy.JudgeAddress(peer);
        if (rule is not null) return (StunErrorCode.Forbidden, new TurnRefusal.PeerDenied(allocation.User, peer, rule));
        return allocation.RelayFor(peer) is null
            ? (StunErrorCode.PeerAddressFamilyMismatch, new TurnRefusal.PeerFamilyMismatch(peer))
            : null;
    }

    private static readonly PeerRule NoRelayThere = new(null, "our own address, and no relay at that port");

    private PeerRule? JudgeHairpin(TransportAddress peer, bool hasPort)
        => (hasPort ? PeerPolicy.JudgePort(peer.Port) : null) ?? (IsOurRelay(peer) ? null : NoRelayThere);

    private bool IsHairpin(TransportAddress peer) => IsOurAddress(peer) && !_options.Policy.IsAllowedByName(peer);

    private bool HasRoom(in Asked asked, Allocation allocation, int permissions, int channels, Instant now)
    {
        if (permissions + channels == 0) return true;
        allocation.Sweep(now);
        return (allocation.PermissionCount + permissions <= _options.MaxPeers && allocation.ChannelCount + channels <= _options.MaxPeers)
            || Refuse(asked, allocation.Identity, StunErrorCode.InsufficientCapacity, new TurnRefusal.TooManyPeers(_options.MaxPeers));
    }
}
