using System.Net;
using Thaw.Net.Addresses;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class PublicAddressTests
{
    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", null, null)]
    [InlineData("203.0.113.7/10.0.0.5", "203.0.113.7", "10.0.0.5", null)]
    [InlineData("203.0.113.7:40000", "203.0.113.7", null, 40_000)]
    [InlineData("203.0.113.7:40000/10.0.0.5", "203.0.113.7", "10.0.0.5", 40_000)]
    [InlineData("2001:db8::7", "2001:db8::7", null, null)]
    [InlineData("[2001:db8::7]", "2001:db8::7", null, null)]
    [InlineData("[2001:db8::7]:40000", "2001:db8::7", null, 40_000)]
    [InlineData("127.0.0.1", "127.0.0.1", null, null)] // a container's published port, seen from its host
    public void An_address_may_have_a_port_and_a_private_half(string text, string address, string? inside, int? port)
    {
        Assert.True(PublicAddress.TryParse(text, out var parsed));

        Assert.Equal((IPAddress.Parse(address), null, (ushort?)port), (parsed.Address, parsed.HostName, parsed.Port));
        Assert.Equal(inside, parsed.Private?.ToString());
    }

    [Theory]
    [InlineData("voice.example.org", "voice.example.org", null)]
    [InlineData("voice.example.org:40000", "voice.example.org", 40_000)]
    public void A_name_is_looked_up_later(string text, string name, int? port)
    {
        Assert.True(PublicAddress.TryParse(text, out var parsed));

        Assert.Equal((null, name, (ushort?)port), (parsed.Address, parsed.HostName, parsed.Port));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.2.3")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("ff02::1")]
    [InlineData("fe80::1%eth0")]
    [InlineData("203.0.113.7:0")]
    [InlineData("203.0.113.7:70000")]
    [InlineData("203.0.113.7:")]
    [InlineData("203.0.113.7/")]
    [InlineData("203.0.113.7/2001:db8::1")]
    [InlineData("203.0.113.7/10.0.0.5/10.0.0.6")]
    [InlineData("203.0.113.7/host")]
    [InlineData("[2001:db8::7")]
    [InlineData("[2001:db8::7]40000")]
    [InlineData("[voice.example.org]:1")]
    [InlineData("http://203.0.113.7")]
    [InlineData("a b")]
    public void Anything_else_is_refused(string text) => Assert.False(PublicAddress.TryParse(text, out _));

    [Theory]
    [InlineData("203.0.113.7:40000/10.0.0.5")]
    [InlineData("[2001:db8::7]:40000")]
    [InlineData("2001:db8::7")]
    [InlineData("voice.example.org:1")]
    public void It_reads_back_as_it_is_written(string text)
    {
        Assert.True(PublicAddress.TryParse(text, out var parsed));
        Assert.Equal(text, parsed.ToString());
    }
}
