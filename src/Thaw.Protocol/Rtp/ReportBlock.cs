using System.Buffers.Binary;

namespace Thaw.Protocol.Rtp;

/// <summary>What a receiver says about one source (RFC 3550 §6.4.1).</summary>
/// <param name="FractionLost">Since the last report, in 1/256.</param>
/// <param name="CumulativeLost">24 bits, signed: duplicates can make it negative.</param>
/// <param name="Jitter">In units of the RTP clock.</param>
/// <param name="LastReport">The middle 32 bits of the last SR's NTP time, 0 if there was none.</param>
/// <param name="DelaySinceLastReport">Since that SR arrived, in 1/65536 s.</param>
public readonly record struct ReportBlock(
    uint Ssrc, byte FractionLost, int CumulativeLost, uint ExtendedHighestSequence, uint Jitter, uint LastReport, uint DelaySinceLastReport)
{
    internal const int Length = 24;

    internal static ReportBlock Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32BigEndian(bytes),
        bytes[4],
        BinaryPrimitives.ReadInt32BigEndian(bytes[4..]) << 8 >> 8,
        BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]));

    internal void Write(Span<byte> bytes)
    {
        int lost = int.Clamp(CumulativeLost, -0x80_0000, 0x7F_FFFF);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], ((uint)FractionLost << 24) | ((uint)lost & 0xFF_FFFF));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], ExtendedHighestSequence);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], Jitter);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], LastReport);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[20..], DelaySinceLastReport);
    }
}

/// <summary>An SR's account of its sender (RFC 3550 §6.4.1).</summary>
/// <param name="Ntp">Seconds and fraction, 32 bits each.</param>
/// <param name="RtpTimestamp">The same moment on the RTP clock.</param>
public readonly record struct SenderInfo(ulong Ntp, uint RtpTimestamp, uint PacketCount, uint OctetCount)
{
    internal const int Length = 20;

    internal static SenderInfo Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]));

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Ntp);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], RtpTimestamp);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], PacketCount);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], OctetCount);
    }
}
