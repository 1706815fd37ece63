using System.Buffers.Binary;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    private static readonly TimeSpan BetweenIcmp = TimeSpan.FromMilliseconds(100); // ours: whoever forges them gains ten small packets a second

    /// <summary>What was sent to a peer drew an ICMP message: the client hears of it (RFC 8656 §11.5).</summary>
    /// <param name="relayed">Where it was sent from.</param>
    /// <param name="peer">Where it was sent to.</param>
    /// <param name="data">The next hop's MTU where that is what it is about, else 0.</param>
    public void Undelivered(RelayedTransportAddress relayed, TransportAddress peer, byte type, byte code, uint data, Instant now)
    {
        if (_isClosed || _isPending || !IsReported(peer.IsIPv4, type)) return;
        if (relayed.Allocation is not { } allocation || allocation.ExpiresAt <= now || now < allocation.NextIcmp) return;

        peer = Announced(peer);
        if (allocation.FindPermission(peer, now) is null) return;

        allocation.NextIcmp = now + BetweenIcmp;
        var asked = new Asked(allocation.FiveTuple, StunMethod.Data, TransactionId.Next(_random), WantsFingerprint: false, WantsSha256: false);
        var writer = Begin(asked, StunClass.Indication);
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, peer);
        Span<byte> value = stackalloc byte[8]; // RFC 8656 §18.13
        BinaryPrimitives.WriteUInt16BigEndian(value, 0);
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], (ushort)(type << 9 | code));
        BinaryPrimitives.WriteUInt32BigEndian(value[4..], data);
        writer.Add(StunAttributeType.Icmp, value);
        Finish(ref writer, asked, identity: null);
    }

    // RFC 8656 §11.5: unreachable and time exceeded; of ICMPv6 too big as well, which IPv4 calls unreachable.
    private static bool IsReported(bool isIPv4, byte type) => isIPv4 ? type is 3 or 11 : type is 1 or 2 or 3;
}
