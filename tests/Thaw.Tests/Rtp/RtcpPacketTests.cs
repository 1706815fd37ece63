using Thaw.Protocol;
using Thaw.Protocol.Rtp;
using Xunit;

namespace Thaw.Tests.Rtp;

public sealed class RtcpPacketTests
{
    private static readonly ReportBlock Block = new(7, 25, -3, 0x0001_0203, 44, 0xAABBCCDD, 65536);

    [Fact]
    public void A_written_report_is_read_back_block_by_block()
    {
        var sender = new SenderInfo(0x0102030405060708, 960, 50, 8000);
        Span<byte> buffer = stackalloc byte[200];
        var writer = new RtcpWriter(buffer);
        writer.AddSenderReport(1, sender, [Block, Block with { Ssrc = 8, CumulativeLost = 0x7F_FFFF }]);
        writer.AddCname(1, "cname");

        Assert.Null(RtcpReader.TryRead(buffer[..writer.Length], out var packets));
        Assert.True(packets.MoveNext());
        Assert.Equal(RtcpType.SenderReport, packets.Current.Type);
        Assert.Equal(1u, packets.Current.SenderSsrc);
        Assert.Equal(sender, packets.Current.SenderInfo);
        Assert.Equal(Block, packets.Current.Report(0));
        Assert.Equal(0x7F_FFFF, packets.Current.Report(1).CumulativeLost);
        Assert.True(packets.MoveNext());
        Assert.Equal(RtcpType.SourceDescription, packets.Current.Type);
        Assert.False(packets.MoveNext());
    }

    [Theory]
    [InlineData("", "81CA0002 00000001 01000000")]
    [InlineData("a", "81CA0002 00000001 01016100")]
    [InlineData("ab", "81CA0003 00000001 01026162 00000000")] // the list's end needs a word of its own
    public void A_source_description_ends_with_at_least_one_zero_octet(string cname, string expected)
    {
        Span<byte> buffer = stackalloc byte[64];
        buffer.Fill(0xEE);
        var writer = new RtcpWriter(buffer);
        writer.AddCname(1, cname);

        Assert.Equal(Bytes(expected), buffer[..writer.Length].ToArray());
    }

    [Fact]
    public void Feedback_goodbye_application_and_unknown_types_are_walked_over()
    {
        byte[] compound = Bytes(
            "80C90001 00000001"                     // RR, empty
            + "81CD0003 00000001 00000007 00640001" // generic NACK of 100 and 101
            + "8FCD0004 00000001 00000007 00000001 00000000" // transport-wide feedback
            + "81CE0002 00000001 00000007"          // PLI
            + "80CF0001 00000001"                   // XR
            + "80CC0002 00000001 54455354"          // APP
            + "80D20001 12345678"                   // 210: not assigned
            + "81CB0001 00000007");                 // BYE

        Assert.Null(RtcpReader.TryRead(compound, out var packets));
        List<RtcpType> seen = [];
        foreach (var packet in packets)
        {
            seen.Add(packet.Type);
            Assert.Equal(seen.Count == 2, packet.IsNack);
            Assert.Equal(seen.Count == 3, packet.IsTransportWideFeedback);
            if (packet.IsNack) Assert.Equal(7u, packet.MediaSsrc);
            if (packet.Type is RtcpType.Goodbye) Assert.Equal(7u, packet.LeavingSsrc(0));
        }

        Assert.Equal([201, 205, 205, 206, 207, 204, 210, 203], seen.Select(t => (int)t));
    }

    [Theory]
    [InlineData("", DropReason.Empty)]
    [InlineData("80C900", DropReason.Truncated)]
    [InlineData("80C90002 00000001", DropReason.Truncated)]                   // longer than the datagram
    [InlineData("81C90001 00000001", DropReason.LengthMismatch)]              // a block is promised
    [InlineData("80C80001 00000001", DropReason.LengthMismatch)]              // SR without its sender info
    [InlineData("81CD0001 00000001", DropReason.LengthMismatch)]              // feedback about nobody
    [InlineData("82CB0001 00000001", DropReason.LengthMismatch)]              // BYE of two with one
    [InlineData("40C90001 00000001", DropReason.Malformed)]                   // version 1
    [InlineData("80800001 00000001", DropReason.Malformed)]                   // not an RTCP type
    [InlineData("80C90001 00000001 80", DropReason.Truncated)]                // a rest
    [InlineData("A0C90002 00000001 00000004 80C90001 00000001", DropReason.LengthMismatch)] // padding before the last
    [InlineData("A0C90001 00000009", DropReason.LengthMismatch)]              // padding longer than the packet
    public void What_is_not_RTCP_is_refused_with_its_reason(string hex, DropReason reason)
        => Assert.Equal(reason, RtcpReader.TryRead(Bytes(hex), out _));

    [Fact]
    public void The_last_packet_may_be_padded()
        => Assert.Null(RtcpReader.TryRead(Bytes("80C90001 00000001 A0C90002 00000001 00000004"), out _));

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
