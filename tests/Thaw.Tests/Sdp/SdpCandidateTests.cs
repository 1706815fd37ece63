using Thaw.Protocol.Sdp;
using Xunit;

namespace Thaw.Tests.Sdp;

public sealed class SdpCandidateTests
{
    [Theory]
    // As Chromium trickles them (recorded), with and without the prefixes.
    [InlineData("candidate:3074096218 1 udp 2122260223 10.99.0.1 58900 typ host generation 0 ufrag Pwm/ network-id 1", "10.99.0.1:58900", SdpCandidateTransport.Udp, SdpCandidateType.Host)]
    [InlineData("a=candidate:3074096218 1 udp 2122260223 10.99.0.1 58900 typ host", "10.99.0.1:58900", SdpCandidateTransport.Udp, SdpCandidateType.Host)]
    [InlineData("3074096218 1 UDP 2122260223 10.99.0.1 58900 typ host", "10.99.0.1:58900", SdpCandidateTransport.Udp, SdpCandidateType.Host)]
    [InlineData("candidate:513518610 1 tcp 1518280447 10.99.0.1 9 typ host tcptype active generation 0 ufrag m1ps network-id 1", "10.99.0.1:9", SdpCandidateTransport.Tcp, SdpCandidateType.Host)]
    [InlineData("candidate:2320548294 1 udp 1686052607 203.0.113.5 49408 typ srflx raddr 10.99.0.1 rport 49408 generation 0", "203.0.113.5:49408", SdpCandidateTransport.Udp, SdpCandidateType.ServerReflexive)]
    // Firefox, Safari, aiortc.
    [InlineData("candidate:0 1 UDP 2122187007 192.168.1.5 51472 typ host", "192.168.1.5:51472", SdpCandidateTransport.Udp, SdpCandidateType.Host)]
    [InlineData("candidate:4 1 TCP 2105458943 192.168.1.5 9 typ host tcptype active", "192.168.1.5:9", SdpCandidateTransport.Tcp, SdpCandidateType.Host)]
    [InlineData("candidate:28d09117ed7be62fd2553196dd6100b6 1 udp 2130706431 2001:db8::10 46927 typ host", "[2001:db8::10]:46927", SdpCandidateTransport.Udp, SdpCandidateType.Host)]
    [InlineData("candidate:1 1 udp 1 ::ffff:192.0.2.1 5 typ prflx raddr :: rport 0", "192.0.2.1:5", SdpCandidateTransport.Udp, SdpCandidateType.PeerReflexive)]
    [InlineData("candidate:1 1 udp 1 fe80::1%eth0 5 typ host", "[fe80::1]:5", SdpCandidateTransport.Udp, SdpCandidateType.Host)]
    [InlineData("candidate:a/b+c 2 udp 4294967295 198.51.100.1 0 typ relay raddr 0.0.0.0 rport 0", "198.51.100.1:0", SdpCandidateTransport.Udp, SdpCandidateType.Relayed)]
    // Extensible fields keep the line valid.
    [InlineData("candidate:1 1 ssltcp 1 192.0.2.1 443 typ host", "192.0.2.1:443", SdpCandidateTransport.Other, SdpCandidateType.Host)]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 443 typ warp", "192.0.2.1:443", SdpCandidateTransport.Udp, SdpCandidateType.Other)]
    [InlineData("  candidate:1  1 udp 1 192.0.2.1 443 typ host  ", "192.0.2.1:443", SdpCandidateTransport.Udp, SdpCandidateType.Host)]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 443 typ host raddr", "192.0.2.1:443", SdpCandidateTransport.Udp, SdpCandidateType.Host)]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 443 typ host raddr x rport y generation z whatever 7", "192.0.2.1:443", SdpCandidateTransport.Udp, SdpCandidateType.Host)]
    public void Candidates_with_addresses(string line, string address, SdpCandidateTransport transport, SdpCandidateType type)
    {
        Assert.True(SdpCandidate.TryParse(line, out var candidate));
        Assert.Equal((address, null, transport, type), (candidate!.Address.ToString(), candidate.HostName, candidate.Transport, candidate.Type));
    }

    [Fact]
    public void A_name_is_kept_as_a_name()
    {
        Assert.True(SdpCandidate.TryParse(
            "candidate:842163049 1 udp 2113937151 f3a1d2c4-5b6e-4f70-8192-a3b4c5d6e7f8.local 54609 typ host generation 0 network-cost 999", out var candidate));
        Assert.Equal(("f3a1d2c4-5b6e-4f70-8192-a3b4c5d6e7f8.local", null, (ushort)54_609), (candidate!.HostName, candidate.Address, candidate.Port));
    }

    [Fact]
    public void Extensions_that_we_know_are_read_in_any_order()
    {
        Assert.True(SdpCandidate.TryParse(
            "candidate:1 1 udp 1 192.0.2.1 443 typ srflx network-id 3 rport 9 ufrag Pwm/ x y generation 2 raddr 10.0.0.1", out var candidate));
        Assert.Equal(("Pwm/", 2U, 3U, "10.0.0.1:9"), (candidate!.Ufrag, candidate.Generation, candidate.NetworkId, candidate.Related.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("candidate:")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 443")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 443 typ")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 443 type host")]
    [InlineData("candidate:1 0 udp 1 192.0.2.1 443 typ host")]
    [InlineData("candidate:1 257 udp 1 192.0.2.1 443 typ host")]
    [InlineData("candidate:1 1 udp 4294967296 192.0.2.1 443 typ host")]
    [InlineData("candidate:1 1 udp -1 192.0.2.1 443 typ host")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 65536 typ host")]
    [InlineData("candidate:1 1 udp 1 192.0.2 443 typ host")]
    [InlineData("candidate:1 1 udp 1 192.0.2.256 443 typ host")]
    [InlineData("candidate:1 1 udp 1 192.0.2.01 443 typ host")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1.5 443 typ host")]
    [InlineData("candidate:1 1 udp 1 3221225985 443 typ host")]
    [InlineData("candidate:1 1 udp 1 [::1] 443 typ host")]
    [InlineData("candidate:1 1 udp 1 ::1::2 443 typ host")]
    [InlineData("candidate:1 1 udp 1 exa mple 443 typ host")]
    [InlineData("candidate:1 1 udp 1 exa\"mple 443 typ host")]
    [InlineData("candidate:\"1\" 1 udp 1 192.0.2.1 443 typ host")]
    public void Malformed_lines_are_refused(string line)
    {
        Assert.False(SdpCandidate.TryParse(line, out var candidate));
        Assert.Null(candidate);
    }

    [Fact]
    public void A_line_longer_than_any_candidate_is_refused()
        => Assert.False(SdpCandidate.TryParse("1 1 udp 1 192.0.2.1 443 typ host x " + new string('y', 1024), out _));

    [Theory]
    [InlineData("candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host")]
    [InlineData("candidate:2 1 udp 16777215 2001:db8::5 50000 typ relay raddr 198.51.100.1 rport 41000")]
    [InlineData("candidate:3 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 1 ufrag abcd network-id 2")]
    [InlineData("candidate:4 1 udp 1 a.local 7 typ prflx")]
    [InlineData("candidate:5 2 udp 1 192.0.2.1 7 typ srflx raddr 10.0.0.1 rport 8")]
    public void What_is_written_is_what_was_read(string line)
    {
        Assert.True(SdpCandidate.TryParse(line, out var candidate));
        Assert.Equal(line, candidate!.Write());
    }

    [Fact]
    public void Only_kinds_that_we_have_can_be_written()
    {
        Assert.True(SdpCandidate.TryParse("candidate:1 1 ssltcp 1 192.0.2.1 443 typ warp", out var candidate));
        Assert.Throws<ArgumentException>(() => candidate!.Write());
        Assert.Throws<ArgumentException>(() => (candidate! with { Transport = SdpCandidateTransport.Udp }).Write());
    }
}
