using System.Buffers.Binary;

namespace Thaw.Protocol.Rtp;

/// <summary>
/// A well-formed RTP packet (RFC 3550 §5.1). CSRCs and header extensions of either form (RFC 8285) are skipped,
/// padding is removed.
/// </summary>
public readonly ref struct RtpReader
{
    private RtpReader(MediaPacket packet, ReadOnlySpan<byte> payload)
    {
        Packet = packet;
        Payload = payload;
    }

    public MediaPacket Packet { get; }
    public ReadOnlySpan<byte> Payload { get; }

    public static DropReason? TryRead(ReadOnlySpan<byte> datagram, out RtpReader reader)
    {
        reader = default;
        if (RtpHeader.TryMeasure(datagram, out int headerLength) is { } reason) return reason;

        var payload = datagram[headerLength..];
        if ((datagram[0] & RtpHeader.PaddingFlag) != 0)
        {
            int padding = payload.IsEmpty ? 0 : payload[^1]; // counts itself
            if (padding == 0 || padding > payload.Length) return DropReason.LengthMismatch;
            payload = payload[..^padding];
        }

        reader = new RtpReader(
            new MediaPacket(
                RtpHeader.Ssrc(datagram),
                (byte)(datagram[1] & 0x7F),
                RtpHeader.SequenceNumber(datagram),
                BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]),
                Marker: (datagram[1] & 0x80) != 0),
            payload);
        return null;
    }
}
