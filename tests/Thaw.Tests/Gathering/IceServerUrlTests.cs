using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Xunit;

namespace Thaw.Tests.Gathering;

public sealed class IceServerUrlTests
{
    [Theory]
    [InlineData("stun:stun.example.org", GatheringKind.Stun, TransportProtocol.Udp, false, "stun.example.org", 3478)]
    [InlineData("stun:192.0.2.1:19302", GatheringKind.Stun, TransportProtocol.Udp, false, "192.0.2.1", 19302)]
    [InlineData("stuns:example.org", GatheringKind.Stun, TransportProtocol.Tcp, true, "example.org", 5349)]
    [InlineData("turn:example.org", GatheringKind.Turn, TransportProtocol.Udp, false, "example.org", 3478)]
    [InlineData("turn:example.org?transport=udp", GatheringKind.Turn, TransportProtocol.Udp, false, "example.org", 3478)]
    [InlineData("turn:example.org:80?transport=tcp", GatheringKind.Turn, TransportProtocol.Tcp, false, "example.org", 80)]
    [InlineData("TURNS:Example.org:443?transport=TCP", GatheringKind.Turn, TransportProtocol.Tcp, true, "Example.org", 443)]
    [InlineData("turns:example.org", GatheringKind.Turn, TransportProtocol.Tcp, true, "example.org", 5349)]
    [InlineData("turns:example.org?transport=udp", GatheringKind.Turn, TransportProtocol.Udp, true, "example.org", 5349)] // DTLS: read, not spoken
    [InlineData("turn:[2001:db8::1]", GatheringKind.Turn, TransportProtocol.Udp, false, "2001:db8::1", 3478)]
    [InlineData("turn:[2001:db8::1]:3479?transport=tcp", GatheringKind.Turn, TransportProtocol.Tcp, false, "2001:db8::1", 3479)]
    [InlineData("stun:käse.example", GatheringKind.Stun, TransportProtocol.Udp, false, "käse.example", 3478)]
    public void A_right_one_is_read(string text, GatheringKind kind, TransportProtocol transport, bool tls, string host, int port)
    {
        Assert.True(IceServerUrl.TryParse(text, out var url, out string error), error);
        Assert.Equal(new IceServerUrl(kind, transport, tls, host, (ushort)port), url);
    }

    [Theory]
    [InlineData("", "\"\" is not stun, stuns, turn or turns")]
    [InlineData("example.org:3478", "\"example.org\" is not stun")]
    [InlineData("http://example.org", "\"http\" is not stun")]
    [InlineData("turn", "no host")]
    [InlineData("turn:", "no host")]
    [InlineData("turn://example.org:3478", "no slashes; write \"turn:example.org:3478\"")]
    [InlineData("turn::3478", "\"\" is not a host name")]
    [InlineData("turn:example.org:", "\"\" is not a port")]
    [InlineData("turn:example.org:0", "\"0\" is not a port (1 to 65535)")]
    [InlineData("turn:example.org:65536", "\"65536\" is not a port")]
    [InlineData("turn:example.org:+80", "\"+80\" is not a port")]
    [InlineData("turn:2001:db8::1", "an IPv6 address wants brackets: \"[2001:db8::1]\"")]
    [InlineData("turn:[2001:db8::1", "\"[2001:db8::1\" is not an IPv6 address in brackets")]
    [InlineData("turn:[fe80::1%eth0]", "is not an IPv6 address in brackets")]
    [InlineData("turn:[192.0.2.1]", "is not an IPv6 address in brackets")]
    [InlineData("turn:[2001:db8::1]3478", "\"3478\" after the address is not a port")]
    [InlineData("turn:user@example.org", "username and credential stand beside it")]
    [InlineData("turn:example.org/path", "\"example.org/path\" is not a host name")]
    [InlineData("turn:example.org?transport=sctp", "\"sctp\" is not udp or tcp")]
    [InlineData("turn:example.org?proto=udp", "\"?proto=udp\" is not ?transport=udp")]
    [InlineData("stun:example.org?transport=udp", "a STUN URL has no \"?transport=udp\"")]
    public void A_wrong_one_is_refused_by_the_part_that_is_wrong(string text, string named)
    {
        Assert.False(IceServerUrl.TryParse(text, out _, out string error));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Contains($"\"{text}\"", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_read_or_refused_with_words() => Gen.Select(Gen.OneOf("", "turn:", "turns:", "stun:", "turn:["), Gen.String).Sample((scheme, rest) =>
        IceServerUrl.TryParse(scheme + rest, out var url, out string error) ? url.Port > 0 && url.Host.Length > 0 : error.Length > 0);
}
