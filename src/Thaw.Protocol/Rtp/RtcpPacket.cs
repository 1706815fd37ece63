using System.Buffers.Binary;

namespace Thaw.Protocol.Rtp;

/// <summary>IANA "RTCP Control Packet Types"; the registry is open, so other values may occur.</summary>
public enum RtcpType : byte
{
    SenderReport = 200,       // RFC 3550 §6.4.1
    ReceiverReport = 201,     // RFC 3550 §6.4.2
    SourceDescription = 202,  // RFC 3550 §6.5
    Goodbye = 203,            // RFC 3550 §6.6
    Application = 204,        // RFC 3550 §6.7
    TransportFeedback = 205,  // RTPFB, RFC 4585 §6.2
    PayloadFeedback = 206,    // PSFB, RFC 4585 §6.3
    ExtendedReport = 207,     // RFC 3611
}

/// <summary>One packet of a compound, padding removed, long enough for what its type and count promise.</summary>
public readonly ref struct RtcpPacket
{
    private const int GenericNack = 1;          // RFC 4585 §6.2.1
    private const int TransportWideFeedback = 15; // draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1

    private readonly ReadOnlySpan<byte> _content;

    private RtcpPacket(RtcpType type, int count, ReadOnlySpan<byte> content)
    {
        Type = type;
        Count = count;
        _content = content;
    }

    public RtcpType Type { get; }

    /// <summary>The header's five bits: report blocks, chunks, SSRCs, or a feedback message's type.</summary>
    public int Count { get; }

    public bool IsNack => Type is RtcpType.TransportFeedback && Count == GenericNack;

    public bool IsTransportWideFeedback => Type is RtcpType.TransportFeedback && Count == TransportWideFeedback;

    /// <summary>Who sent it. Only for types that begin with their sender: not SDES, not BYE.</summary>
    public uint SenderSsrc => BinaryPrimitives.ReadUInt32BigEndian(_content);

    /// <summary>Feedback only: the source that it is about.</summary>
    public uint MediaSsrc => BinaryPrimitives.ReadUInt32BigEndian(_content[4..]);

    /// <summary>SR only.</summary>
    public SenderInfo SenderInfo => SenderInfo.Read(_content[4..]);

    /// <summary>How many report blocks an SR or RR has; 0 for other types.</summary>
    public int ReportCount => Type is RtcpType.SenderReport or RtcpType.ReceiverReport ? Count : 0;

    public ReportBlock Report(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)ReportCount);
        return ReportBlock.Read(_content[(FixedLength(Type) + index * ReportBlock.Length)..]);
    }

    /// <summary>BYE only: the index-th leaving source of <see cref="Count"/>.</summary>
    public uint LeavingSsrc(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, Type is RtcpType.Goodbye ? (uint)Count : 0);
        return BinaryPrimitives.ReadUInt32BigEndian(_content[(4 * index)..]);
    }

    internal static DropReason? TryRead(RtcpType type, int count, ReadOnlySpan<byte> content, out RtcpPacket packet)
    {
        packet = new(type, count, content);
        int needed = type switch
        {
            RtcpType.SenderReport or RtcpType.ReceiverReport => FixedLength(type) + count * ReportBlock.Length,
            RtcpType.Goodbye => 4 * count,
            _ => FixedLength(type),
        };
        return content.Length < needed ? DropReason.LengthMismatch : null;
    }

    private static int FixedLength(RtcpType type) => type switch
    {
        RtcpType.SenderReport => 4 + SenderInfo.Length,
        RtcpType.ReceiverReport or RtcpType.ExtendedReport => 4,
        RtcpType.Application or RtcpType.TransportFeedback or RtcpType.PayloadFeedback => 8,
        _ => 0,
    };
}
