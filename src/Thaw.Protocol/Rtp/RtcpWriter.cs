using System.Buffers.Binary;
using System.Text;

namespace Thaw.Protocol.Rtp;

/// <summary>Builds a compound RTCP packet in the caller's buffer.</summary>
public ref struct RtcpWriter(Span<byte> buffer)
{
    private const byte CnameItem = 1; // RFC 3550 §6.5.1

    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public void AddSenderReport(uint ssrc, in SenderInfo sender, scoped ReadOnlySpan<ReportBlock> reports)
    {
        var content = Begin(RtcpType.SenderReport, reports.Length, 4 + SenderInfo.Length + reports.Length * ReportBlock.Length);
        BinaryPrimitives.WriteUInt32BigEndian(content, ssrc);
        sender.Write(content[4..]);
        Write(content[(4 + SenderInfo.Length)..], reports);
    }

    public void AddReceiverReport(uint ssrc, scoped ReadOnlySpan<ReportBlock> reports)
    {
        var content = Begin(RtcpType.ReceiverReport, reports.Length, 4 + reports.Length * ReportBlock.Length);
        BinaryPrimitives.WriteUInt32BigEndian(content, ssrc);
        Write(content[4..], reports);
    }

    /// <summary>SDES with the one item that is required (RFC 3550 §6.5).</summary>
    /// <param name="cname">At most 255 ASCII characters.</param>
    public void AddCname(uint ssrc, string cname)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cname.Length, byte.MaxValue);

        // SSRC, item, and at least one zero octet that ends the list, up to the next word.
        int length = (4 + 2 + cname.Length) / 4 * 4 + 4;
        var content = Begin(RtcpType.SourceDescription, 1, length);
        content.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(content, ssrc);
        content[4] = CnameItem;
        content[5] = (byte)cname.Length;
        Encoding.ASCII.GetBytes(cname, content[6..]);
    }

    private Span<byte> Begin(RtcpType type, int count, int contentLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 31);

        var packet = _buffer.Slice(Length, 4 + contentLength);
        packet[0] = (byte)(RtpHeader.Version << 6 | count);
        packet[1] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(contentLength / 4));
        Length += packet.Length;
        return packet[4..];
    }

    private static void Write(Span<byte> bytes, ReadOnlySpan<ReportBlock> reports)
    {
        for (int i = 0; i < reports.Length; i++) reports[i].Write(bytes[(i * ReportBlock.Length)..]);
    }
}
