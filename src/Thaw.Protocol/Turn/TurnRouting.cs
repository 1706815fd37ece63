using System.Buffers.Binary;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>
/// Several servers on one port: a client's second stream, or its datagrams from a new address, may come to another than
/// the one that knows it. What they must carry names that one in its first byte.
/// </summary>
public static class TurnRouting
{
    private const ushort RefreshRequest = 0x0004, ConnectionBindRequest = 0x000B; // RFC 8489 §5, with the methods' numbers

    public static bool IsConnectionBind(ReadOnlySpan<byte> message) => IsRequest(message, ConnectionBindRequest);

    /// <summary>The shard that a ConnectionBind's CONNECTION-ID or a Refresh's MOBILITY-TICKET names.</summary>
    public static bool TryFindShard(ReadOnlySpan<byte> message, out byte shard)
    {
        shard = 0;
        var type = IsRequest(message, RefreshRequest) ? StunAttributeType.MobilityTicket
            : IsRequest(message, ConnectionBindRequest) ? StunAttributeType.ConnectionId
            : default;
        if (type == default || StunReader.TryRead(message, out var request) is not null) return false;
        if (!request.TryFind(type, out var attribute) || attribute.Value.IsEmpty) return false;
        shard = attribute.Value[0];
        return true;
    }

    private static bool IsRequest(ReadOnlySpan<byte> message, ushort type)
        => message.Length >= 4 && BinaryPrimitives.ReadUInt16BigEndian(message) == type;
}
