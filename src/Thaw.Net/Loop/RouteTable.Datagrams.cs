using System.Buffers.Binary;
using Thaw.Protocol;
using Thaw.Protocol.Stun;

namespace Thaw.Net.Loop;

internal sealed partial class RouteTable
{
    private const uint MagicCookie = 0x2112A442; // RFC 8489 §5
    private const ushort ClassBits = 0x0110;     // RFC 8489 §5: both zero in a request

    /// <summary>Finds the session that a datagram, or a frame of a stream, is for.</summary>
    /// <returns>Null, or why there is none.</returns>
    public DropReason? Find(in Flow flow, ReadOnlySpan<byte> payload, out Session session)
    {
        session = null!;
        return Refuse(payload) ?? FindOwner(flow, payload, out session);
    }

    // Cheapest first: most garbage ends here, before any lookup. Ranges of RFC 7983 §7.
    private static DropReason? Refuse(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty) return DropReason.Empty;
        if (payload.Length > Output.BufferLength) return DropReason.TooLong;
        if (payload[0] is (>= 20 and <= 63) or (>= 128 and <= 191)) return null;
        if (payload[0] > 3) return DropReason.UnknownProtocol;
        if (payload.Length < 20) return DropReason.Truncated;
        return BinaryPrimitives.ReadUInt32BigEndian(payload[4..]) == MagicCookie ? null : DropReason.BadCookie;
    }

    // A request names its session, wherever it comes from; everything else belongs to whoever has the flow.
    private DropReason? FindOwner(in Flow flow, ReadOnlySpan<byte> payload, out Session session)
    {
        if (!IsStunRequest(payload)) return TryFind(flow, out session) ? null : DropReason.NoRoute;

        session = null!;
        if (!StunPeek.TryReadLocalUfrag(payload, out var ufrag)) return DropReason.MissingAttribute;
        return TryFind(ufrag, out session) ? null : DropReason.UnknownUsername;
    }

    private static bool IsStunRequest(ReadOnlySpan<byte> payload)
        => payload[0] <= 3 && (BinaryPrimitives.ReadUInt16BigEndian(payload) & ClassBits) == 0;
}
