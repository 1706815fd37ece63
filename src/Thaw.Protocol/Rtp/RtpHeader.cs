using System.Buffers.Binary;

namespace Thaw.Protocol.Rtp;

/// <summary>The RTP header (RFC 3550 §5.1) as far as it can be read before the packet has been authenticated.</summary>
public static class RtpHeader
{
    /// <summary>Without CSRCs and extension.</summary>
    public const int Length = 12;

    public const int Version = 2;
    internal const byte PaddingFlag = 0x20;
    internal const byte ExtensionFlag = 0x10;

    /// <summary>RFC 5761 §4: what would be payload types 64–95 with a marker are RTCP packet types.</summary>
    public static bool IsRtcp(ReadOnlySpan<byte> packet) => packet.Length >= 2 && packet[1] is >= 192 and <= 223;

    /// <summary>The length of fixed header, CSRCs and header extension: where SRTP's encryption begins.</summary>
    public static DropReason? TryMeasure(ReadOnlySpan<byte> packet, out int length)
    {
        length = 0;
        if (packet.IsEmpty) return DropReason.Empty;
        if (packet.Length < Length) return DropReason.Truncated;
        if (packet[0] >> 6 != Version) return DropReason.Malformed;

        int measured = Length + 4 * (packet[0] & 0x0F);
        if ((packet[0] & ExtensionFlag) != 0)
        {
            if (packet.Length < measured + 4) return DropReason.Truncated;
            measured += 4 + 4 * BinaryPrimitives.ReadUInt16BigEndian(packet[(measured + 2)..]);
        }

        if (packet.Length < measured) return DropReason.Truncated;
        length = measured;
        return null;
    }

    internal static ushort SequenceNumber(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);

    internal static uint Ssrc(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);
}
