using System.Buffers.Binary;

namespace Thaw.Protocol.Rtp;

/// <summary>
/// Walks a compound RTCP packet (RFC 3550 §6.1) that has been checked from end to end. A reduced-size one, which need
/// not begin with a report (RFC 5506), is as welcome. Types that we do not know are skipped by their length.
/// </summary>
public ref struct RtcpReader
{
    private const int HeaderLength = 4;

    private ReadOnlySpan<byte> _rest;

    private RtcpReader(ReadOnlySpan<byte> compound) => _rest = compound;

    public RtcpPacket Current { get; private set; }

    public static DropReason? TryRead(ReadOnlySpan<byte> datagram, out RtcpReader reader)
    {
        reader = default;
        if (datagram.IsEmpty) return DropReason.Empty;

        for (int at = 0, length; at < datagram.Length; at += length)
            if (TryTake(datagram[at..], out length, out _) is { } reason) return reason;

        reader = new RtcpReader(datagram);
        return null;
    }

    public readonly RtcpReader GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.IsEmpty || TryTake(_rest, out int length, out var packet) is not null) return false;
        _rest = _rest[length..];
        Current = packet;
        return true;
    }

    private static DropReason? TryTake(ReadOnlySpan<byte> rest, out int length, out RtcpPacket packet)
    {
        packet = default;
        length = 0;
        if (rest.Length < HeaderLength) return DropReason.Truncated;
        if (rest[0] >> 6 != RtpHeader.Version || !RtpHeader.IsRtcp(rest)) return DropReason.Malformed;

        length = HeaderLength + 4 * BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        if (rest.Length < length) return DropReason.Truncated;

        var content = rest[HeaderLength..length];
        bool isLast = rest.Length == length;
        if ((rest[0] & RtpHeader.PaddingFlag) != 0)
        {
            // RFC 3550 §6.4.1: only the last packet of a compound may be padded.
            int padding = content.IsEmpty ? 0 : content[^1];
            if (!isLast || padding == 0 || padding > content.Length) return DropReason.LengthMismatch;
            content = content[..^padding];
        }

        return RtcpPacket.TryRead((RtcpType)rest[1], count: rest[0] & 0x1F, content, out packet);
    }
}
