using System.Buffers.Binary;

namespace Thaw.Protocol.Rtp;

public static class RtpWriter
{
    /// <summary>Writes a packet without CSRCs, extension or padding and returns its length.</summary>
    public static int Write(Span<byte> buffer, in MediaPacket packet, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(packet.PayloadType, 127);

        buffer[0] = RtpHeader.Version << 6;
        buffer[1] = (byte)(packet.PayloadType | (packet.Marker ? 0x80 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], packet.SequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], packet.Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[8..], packet.Ssrc);
        payload.CopyTo(buffer[RtpHeader.Length..]);
        return RtpHeader.Length + payload.Length;
    }
}
