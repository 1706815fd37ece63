using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Thaw.Tests.Ice;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests;

public sealed class Nat64PrefixTests
{
    [Theory] // RFC 6052 §2.4; the first column is what RFC 7050 makes of the prefix
    [InlineData("2001:db8:c000:aa::", 32, "2001:db8:c000:221::")]
    [InlineData("2001:db8:1c0:0:aa::", 40, "2001:db8:1c0:2:21::")]
    [InlineData("2001:db8:122:c000:0:aa00::", 48, "2001:db8:122:c000:2:2100::")]
    [InlineData("2001:db8:122:3c0:0:aa::", 56, "2001:db8:122:3c0:0:221::")]
    [InlineData("2001:db8:122:344:c0:0:aa00::", 64, "2001:db8:122:344:c0:2:2100::")]
    [InlineData("2001:db8:122:344::192.0.0.171", 96, "2001:db8:122:344::192.0.2.33")]
    [InlineData("64:ff9b::192.0.0.170", 96, "64:ff9b::192.0.2.33")]
    public void A_prefix_is_read_off_the_well_known_name_and_put_before_addresses(string answer, int length, string expected)
    {
        Assert.True(Nat64Prefix.TryFind(IceWorld.Address(answer), out var prefix));
        Assert.Equal(length, prefix.Length);
        Assert.Equal(IceWorld.Address(expected, 7000), prefix.Synthesize(IceWorld.Address("192.0.2.33", 7000)));
        Assert.Equal(IceWorld.Address(expected, 7000).Over(TransportProtocol.Tcp), prefix.Synthesize(IceWorld.Address("192.0.2.33", 7000).Over(TransportProtocol.Tcp)));
    }

    [Theory]
    [InlineData("192.0.0.170")]
    [InlineData("2001:db8::1")]
    [InlineData("::")]
    public void Other_answers_show_none(string answer) => Assert.False(Nat64Prefix.TryFind(IceWorld.Address(answer), out _));

    [Fact]
    public void The_other_sides_IPv4_is_tried_behind_it()
    {
        Assert.True(Nat64Prefix.TryFind(IceWorld.Address("64:ff9b::192.0.0.170"), out var prefix));
        using var dtls = new BouncyCastleDtls();
        using var peer = new PeerConnection(new() { Dtls = dtls, AudioCodecs = ["PCMU"] }, [IceWorld.Host(IceWorld.Address("2001:db8::5"))], "s", new SeededRandom(1), new Instant(0)) { Nat64 = prefix };
        using var caller = new PeerConnection(new() { Dtls = dtls, AudioCodecs = ["PCMU"] }, [IceWorld.Host(IceWorld.Address("203.0.113.7"))], "c", new SeededRandom(2), new Instant(0), IceRole.Controlling);

        Assert.IsType<OfferOutcome.Answered>(peer.Accept(caller.CreateOffer(new Instant(0)), new Instant(0)));

        Assert.Contains(IceWorld.Address("64:ff9b::203.0.113.7"), Destinations(peer));
    }

    private static List<TransportAddress> Destinations(PeerConnection peer)
    {
        var sent = new List<TransportAddress>();
        byte[] buffer = new byte[Output.BufferLength];
        while (true)
        {
            var output = peer.Poll(buffer, new Instant(0));
            if (output.Kind is OutputKind.Idle) return sent;
            if (output.Kind is OutputKind.Transmit) sent.Add(output.Destination);
        }
    }
}
