using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>
/// The way of the data. A fast host calls these itself, for each packet of a batch, and <see cref="Receive"/> for the
/// rest; the checks are the same. Nothing is allocated.
/// </summary>
public sealed partial class TurnServer
{
    /// <summary>With its header, the longest that the 16 bits of a Data indication's length can say.</summary>
    public const int MaxRelayed = ushort.MaxValue - PeerPacket.MaxHeader - 3;

    private static readonly StunAttributeType[] UnderstoodInSend =
        [StunAttributeType.XorPeerAddress, StunAttributeType.Data, StunAttributeType.DontFragment];

    private RelayAddress? _relayIPv4;
    private RelayAddress? _relayIPv6;

    /// <summary>ChannelData from a client.</summary>
    public bool TryRelayToPeer(FiveTuple fiveTuple, ReadOnlySpan<byte> message, Instant now, out ClientPacket packet)
    {
        packet = default;
        if (ChannelData.TryRead(message, out ushort number, out var payload) is not null) return Drop(RelayDrop.Malformed);
        if (FindLiving(fiveTuple, now) is not { } allocation) return Drop(RelayDrop.NoAllocation);
        if (allocation.FindChannel(number, now) is not { } channel) return Drop(RelayDrop.NoChannel);
        if (!channel.IsAlive(now)) return Drop(RelayDrop.NoPermission);
        return TrySend(allocation, channel.Permission, channel.Peer, payload, dontFragment: false, now, out packet);
    }

    /// <summary>A Send indication from a client (RFC 8656 §11.2).</summary>
    private bool TryRelayToPeer(FiveTuple fiveTuple, in StunReader message, Instant now, out ClientPacket packet)
    {
        packet = default;
        if (message.FindUnknown(UnderstoodInSend, stackalloc ushort[1]) > 0) return Drop(RelayDrop.Malformed);
        if (!message.TryReadXorAddress(StunAttributeType.XorPeerAddress, out var peer)) return Drop(RelayDrop.Malformed);
        if (!message.TryFind(StunAttributeType.Data, out var data)) return Drop(RelayDrop.Malformed);
        if (FindLiving(fiveTuple, now) is not { } allocation) return Drop(RelayDrop.NoAllocation);
        if (allocation.FindPermission(peer, now) is not { } permission) return Drop(RelayDrop.NoPermission);
        if (!permission.IsHairpin && _options.Policy.Judge(peer) is not null) return Drop(RelayDrop.PeerDenied);
        return TrySend(allocation, permission, peer, data.Value, message.Has(StunAttributeType.DontFragment), now, out packet);
    }

    /// <summary>A datagram from a peer (RFC 8656 §11.3, §12.7).</summary>
    /// <param name="relayed">Where it arrived.</param>
    public bool TryRelayToClient(RelayedTransportAddress relayed, TransportAddress peer, int length, Instant now, out PeerPacket packet)
    {
        packet = default;
        if (length > MaxRelayed) return Drop(RelayDrop.TooLong);
        if (relayed.Allocation is not { } allocation || allocation.ExpiresAt <= now) return Drop(RelayDrop.NoAllocation);

        peer = Announced(peer);
        var channel = allocation.FindChannel(peer, now);
        var permission = channel?.Permission ?? allocation.FindPermission(peer, now);
        if (permission is null || permission.ExpiresAt <= now) return Drop(RelayDrop.NoPermission);
        if (permission.IsHairpin && !IsOurRelay(peer)) return Drop(RelayDrop.PeerDenied);
        if (_isRateLimited && !MayPass(allocation, toPeer: false, length, now)) return false;

        packet = new PeerPacket { FiveTuple = allocation.FiveTuple, Channel = channel?.Number ?? 0, From = peer, PayloadLength = length };
        allocation.PacketsToClient++;
        allocation.BytesToClient += length;
        Counters.PacketsToClients++;
        Counters.BytesToClients += length;
        return true;
    }

    /// <summary>The relayed address that a datagram of a peer came to, or null.</summary>
    public RelayedTransportAddress? FindRelayed(TransportAddress local) => _relayed.GetValueOrDefault(local);

    private bool TrySend(
        Allocation allocation, Permission permission, TransportAddress peer, ReadOnlySpan<byte> payload, bool dontFragment, Instant now, out ClientPacket packet)
    {
        packet = default;
        if (allocation.RelayFor(peer) is not { } relayed) return Drop(RelayDrop.NoPermission);
        if (permission.IsHairpin && !IsOurRelay(peer)) return Drop(RelayDrop.PeerDenied);
        if (_isRateLimited && !MayPass(allocation, toPeer: true, payload.Length, now)) return false;

        packet = new ClientPacket { Relayed = relayed, Peer = Local(peer), Payload = payload, DontFragment = dontFragment };
        allocation.PacketsToPeers++;
        allocation.BytesToPeers += payload.Length;
        Counters.PacketsToPeers++;
        Counters.BytesToPeers += payload.Length;
        return true;
    }

    private Allocation? FindLiving(FiveTuple fiveTuple, Instant now)
        => _allocations.TryGetValue(fiveTuple, out var allocation) && now < allocation.ExpiresAt ? allocation
            : _moving.Count > 0 ? Arrive(fiveTuple, now) : null;

    private bool Drop(RelayDrop reason)
    {
        Counters.Count(reason);
        return false;
    }

    private RelayAddress? RelayOf(bool isIPv4) => isIPv4 ? _relayIPv4 : _relayIPv6;

    /// <summary>
    /// Two clients of one relay are each other's peers. Their addresses are ours, which the policy denies like all that is
    /// ours; towards a port that is a relay at this moment, and only there, it is the way it must be.
    /// </summary>
    private bool IsOurAddress(TransportAddress peer) => RelayOf(peer.IsIPv4) is { } ours && peer.SameAddress(ours.Announced);

    private bool IsOurRelay(TransportAddress peer)
        => RelayOf(peer.IsIPv4) is { } ours && peer.SameAddress(ours.Announced) && _ports.IsOpen(ours.Local.WithPort(peer.Port).Over(peer.Protocol));

    // Behind a 1:1 NAT a datagram to our own public address would have to turn round outside, if it can.
    private TransportAddress Local(TransportAddress peer)
        => RelayOf(peer.IsIPv4) is { IsTranslated: true } ours && peer.SameAddress(ours.Announced) && IsOurRelay(peer)
            ? ours.Local.WithPort(peer.Port).Over(peer.Protocol)
            : peer;

    private TransportAddress Announced(TransportAddress peer)
        => RelayOf(peer.IsIPv4) is { IsTranslated: true } ours && peer.SameAddress(ours.Local) && _ports.IsOpen(peer)
            ? ours.Announced.WithPort(peer.Port).Over(peer.Protocol)
            : peer;
}
