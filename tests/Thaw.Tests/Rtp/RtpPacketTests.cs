using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Rtp;
using Xunit;

namespace Thaw.Tests.Rtp;

public sealed class RtpPacketTests
{
    private static readonly byte[] Header = Convert.FromHexString("80EF1234000003C0DECAFBAD");

    [Fact]
    public void A_written_packet_is_read_back()
        => Gen.Select(Gen.UInt, Gen.Byte[0, 127], Gen.UShort, Gen.UInt, Gen.Bool, Gen.Byte.Array[0, 200]).Sample(
            (ssrc, payloadType, sequence, timestamp, marker, payload) =>
            {
                var packet = new MediaPacket(ssrc, payloadType, sequence, timestamp, marker);
                byte[] buffer = new byte[300];
                int length = RtpWriter.Write(buffer, packet, payload);
                return RtpReader.TryRead(buffer.AsSpan(0, length), out var rtp) is null
                    && rtp.Packet == packet && rtp.Payload.SequenceEqual(payload);
            }, iter: 200);

    [Theory]
    [InlineData("", "")]                                            // plain
    [InlineData("BEDE0001 51AA0000", "")]                           // one-byte elements, RFC 8285 §4.2
    [InlineData("10000002 0502BBBB 0600FFFF", "")]                  // two-byte elements, RFC 8285 §4.3
    [InlineData("BEDE0000", "")]                                    // empty extension
    [InlineData("", "000003")]                                      // padding counts itself
    [InlineData("BEDE0001 51AA0000", "01")]
    public void Extensions_are_skipped_and_padding_is_removed(string extension, string padding)
    {
        byte[] packet = [.. Header, .. Bytes(extension), .. "voice"u8, .. Bytes(padding)];
        packet[0] |= (byte)((extension.Length > 0 ? 0x10 : 0) | (padding.Length > 0 ? 0x20 : 0));

        Assert.Null(RtpReader.TryRead(packet, out var rtp));
        Assert.Equal("voice"u8, rtp.Payload);
        Assert.Equal(new MediaPacket(0xDECAFBAD, 111, 0x1234, 960, Marker: true), rtp.Packet);
    }

    [Fact]
    public void Contributing_sources_are_skipped()
    {
        byte[] packet = [.. Header, .. new byte[8], .. "voice"u8];
        packet[0] |= 2;

        Assert.Null(RtpReader.TryRead(packet, out var rtp));
        Assert.Equal("voice"u8, rtp.Payload);
    }

    [Theory]
    [InlineData("", DropReason.Empty)]
    [InlineData("80EF1234000003C0DECAFB", DropReason.Truncated)]
    [InlineData("40EF1234000003C0DECAFBAD", DropReason.Malformed)]                 // version 1
    [InlineData("81EF1234000003C0DECAFBAD000000", DropReason.Truncated)]           // half a CSRC
    [InlineData("90EF1234000003C0DECAFBADBEDE0002000000", DropReason.Truncated)]   // extension longer than the packet
    [InlineData("A0EF1234000003C0DECAFBAD", DropReason.LengthMismatch)]            // padding of nothing
    [InlineData("A0EF1234000003C0DECAFBAD00", DropReason.LengthMismatch)]          // padding that does not count itself
    [InlineData("A0EF1234000003C0DECAFBADFF", DropReason.LengthMismatch)]          // padding longer than the payload
    public void What_is_not_RTP_is_refused_with_its_reason(string hex, DropReason reason)
        => Assert.Equal(reason, RtpReader.TryRead(Bytes(hex), out _));

    [Fact]
    public void No_bytes_make_the_readers_throw()
        => Gen.Byte.Array[0, 80].Sample(bytes =>
        {
            if (bytes.Length > 1) (bytes[0], bytes[1]) = ((byte)(0x80 | bytes[0] & 0x3F), (byte)(bytes[1] % 2 == 0 ? 200 + bytes[1] % 8 : bytes[1]));
            if (bytes.Length > 3) (bytes[2], bytes[3]) = (0, (byte)(bytes[3] % 20));
            RtpReader.TryRead(bytes, out _);
            if (RtcpReader.TryRead(bytes, out var packets) is not null) return true;
            foreach (var packet in packets)
            {
                for (int i = 0; i < packet.ReportCount; i++) packet.Report(i);
                if (packet.Type is RtcpType.Goodbye) for (int i = 0; i < packet.Count; i++) packet.LeavingSsrc(i);
                if (packet.Type is RtcpType.SenderReport) _ = packet.SenderInfo;
                if (packet.IsNack) _ = packet.MediaSsrc;
            }

            return true;
        }, iter: 5000);

    [Theory]
    [InlineData(0x80, 72 | 0x80, true)]   // SR
    [InlineData(0x80, 77 | 0x80, true)]   // RTPFB
    [InlineData(0x80, 64 | 0x80, true)]
    [InlineData(0x80, 96 | 0x80, false)]  // dynamic, marker set
    [InlineData(0x80, 111, false)]
    [InlineData(0x80, 0 | 0x80, false)]   // PCMU, marker set
    public void Rtp_and_Rtcp_share_a_port(byte first, byte second, bool isRtcp)
        => Assert.Equal(isRtcp, RtpHeader.IsRtcp([first, second, 0, 1]));

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
