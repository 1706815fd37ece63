using Thaw.Protocol.Sdp;
using Xunit;

namespace Thaw.Tests.Sdp;

public sealed class SdpErrorTests
{
    private const string Head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"; // the next line is the fifth

    [Theory]
    [InlineData("", SdpFault.NotSdp, 0)]
    [InlineData("\r\n\r\n", SdpFault.NotSdp, 0)]
    [InlineData("{\"sdp\":\"v=0\"}", SdpFault.NotSdp, 1)]
    [InlineData("o=- 1 1 IN IP4 0.0.0.0\r\n", SdpFault.NotSdp, 1)]
    [InlineData("v=1\r\n", SdpFault.NotSdp, 1)]
    [InlineData("v=0\r\ns=-\r\n", SdpFault.BadOrigin, 0)]
    [InlineData("v=0\r\no=-\r\n", SdpFault.BadOrigin, 2)]
    [InlineData("v=0\r\no=- 1 one IN IP4 0.0.0.0\r\n", SdpFault.BadOrigin, 2)]
    [InlineData("v=0\r\no=- 1 -1 IN IP4 0.0.0.0\r\n", SdpFault.BadOrigin, 2)]
    [InlineData(Head + "candidate", SdpFault.NotSdp, 5)]
    [InlineData(Head + "A=mid:0", SdpFault.NotSdp, 5)]
    [InlineData(Head + "a=x\0y", SdpFault.NotSdp, 5)]
    [InlineData(Head + "m=audio", SdpFault.BadMediaLine, 5)]
    [InlineData(Head + "m=audio 70000 RTP/SAVPF 0", SdpFault.BadMediaLine, 5)]
    [InlineData(Head + "m=audio nine RTP/SAVPF 0", SdpFault.BadMediaLine, 5)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF", SdpFault.BadMediaLine, 5)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF \"0\"", SdpFault.BadMediaLine, 5)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF 0\r\na=ice-ufrag:abc", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF 0\r\na=ice-ufrag:with space", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF 0\na=ice-pwd:short\n", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF 0\ra=fingerprint:sha-256 00:11\r", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "a=setup:maybe", SdpFault.BadAttribute, 5)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF 0\r\na=rtpmap:200 x/8000", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF 0\r\na=rtpmap:0 PCMU", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF 0\r\na=rtpmap:0 PCMU/0", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "m=audio 9 RTP/SAVPF 0\r\na=mid:\r\n", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "m=application 9 DTLS/SCTP 1\r\na=sctp-port:65536", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "m=application 9 DTLS/SCTP 1\r\na=max-message-size:-1", SdpFault.BadAttribute, 6)]
    [InlineData(Head + "m=audio 9 X 0\r\na=mid:0\r\n\r\nm=audio 9 X 0\r\na=mid:0", SdpFault.BadBundle, 9)]
    public void A_description_that_cannot_be_used_is_refused_with_its_line(string sdp, SdpFault fault, int line)
    {
        Assert.False(SessionDescription.TryParse(sdp, out var description, out var error));

        Assert.Null(description);
        Assert.Equal((fault, line), (error!.Fault, error.Line));
        Assert.NotEmpty(error.Reason);
    }

    [Theory]
    [InlineData("a=ice-options:\r\na=group:BUNDLE\r\na=unknown\r\na=:\r\na=\r\nb=AS:1\r\n")]
    [InlineData("m=audio 9/2 RTP/SAVPF 0 999 x\r\na=extmap:nonsense\r\na=ssrc:x\r\na=fmtp:\r\na=fmtp:red 1\r\na=msid:\r\n")]
    [InlineData("m=text 0 RTP/AVP 98\r\n")]
    public void What_we_do_not_need_may_be_odd(string lines) => Offers.Parse(Head + lines);

    [Fact]
    public void Every_dimension_is_bounded()
    {
        Assert.Equal(SdpFault.TooLong, Fault(Head + new string('x', SessionDescription.MaxLength)));
        Assert.Equal(SdpFault.TooLong, Fault(Head + Repeat("m=audio 9 X 0\n", SessionDescription.MaxSections + 1)));
        Assert.Equal(SdpFault.TooLong, Fault(Head + Repeat("a=x\n", SessionDescription.MaxAttributes + 1)));
        Assert.Equal(SdpFault.TooLong, Fault(Head + "m=audio 9 X" + Repeat(" 0", SessionDescription.MaxFormats + 1)));

        Offers.Parse(Head + Repeat("m=audio 9 X 0\n", SessionDescription.MaxSections));
        Offers.Parse(Head + Repeat("a=x\n", SessionDescription.MaxAttributes));
    }

    private static SdpFault Fault(string sdp)
    {
        Assert.False(SessionDescription.TryParse(sdp, out _, out var error));
        return error!.Fault;
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
