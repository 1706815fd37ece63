using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

public sealed class PolicyTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.255.255.255")]
    [InlineData("100.64.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.1")]
    [InlineData("192.0.2.1")]
    [InlineData("192.31.196.1")]
    [InlineData("192.52.193.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.1.1")]
    [InlineData("192.175.48.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.19.255.255")]
    [InlineData("198.51.100.1")]
    [InlineData("203.0.113.1")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::8.8.8.8")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("100::1")]
    [InlineData("100:0:0:1::1")]
    [InlineData("2001::1")]
    [InlineData("2001:20::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2002:808:808::1")]
    [InlineData("2620:4f:8000::1")]
    [InlineData("3fff::1")]
    [InlineData("5f00::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("2a00::5efe:a00:1")]     // ISATAP of 10.0.0.1
    [InlineData("2a00::200:5efe:7f00:1")] // and of 127.0.0.1
    public void No_strangers_host_is_there(string address) => Assert.NotNull(PeerPolicy.Public.Judge(At(address, 40_000)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.167.255.255")]
    [InlineData("198.17.255.255")]
    [InlineData("198.20.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("2a00:1450:4001::1")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::808:808")] // NAT64 to a public host: what an IPv6-only network has
    [InlineData("fbff::1")]
    public void Public_hosts_are_peers(string address) => Assert.Null(PeerPolicy.Public.Judge(At(address, 40_000)));

    [Theory]
    [InlineData(0)]
    [InlineData(53)]
    [InlineData(11211)]
    public void Some_ports_are_nobodys_or_would_amplify(ushort port) => Assert.NotNull(PeerPolicy.Public.Judge(At("1.1.1.1", port)));

    [Fact]
    public void A_relay_in_a_private_network_reaches_it_but_not_itself()
    {
        Assert.Null(PeerPolicy.Lan.Judge(At("192.168.1.1", 9)));
        Assert.Null(PeerPolicy.Lan.Judge(At("fd12::1", 9)));
        Assert.NotNull(PeerPolicy.Lan.Judge(At("127.0.0.1", 9)));
        Assert.NotNull(PeerPolicy.Lan.Judge(At("fd00:ec2::254", 9)));
        Assert.NotNull(PeerPolicy.Lan.Judge(At("169.254.169.254", 9)));
    }

    [Fact]
    public void What_is_allowed_by_name_is_allowed_in_that_spelling_only()
    {
        var policy = PeerPolicy.Public.With([AddressPrefix.Parse("127.0.0.0/8")], []);
        Assert.Null(policy.Judge(At("127.0.0.1", 9)));
        Assert.Null(policy.Judge(At("::ffff:127.0.0.1", 9))); // the same address
        Assert.NotNull(policy.Judge(At("64:ff9b::7f00:1", 9)));
        Assert.NotNull(policy.Judge(At("127.0.0.1", 53)));
    }

    [Fact]
    public void A_refusal_names_the_rule_and_the_peer()
    {
        var table = new TurnTable();
        var client = table.Client();
        client.Allocate();

        Assert.Equal(403, client.Permit(At("169.254.169.254")).Code);
        var denied = Assert.IsType<TurnRefusal.PeerDenied>(table.LastRefusal);
        Assert.Equal(("alice", At("169.254.169.254")), (denied.User, denied.Peer));
        Assert.Equal("169.254.0.0/16 (link-local, cloud metadata)", denied.Rule.ToString());
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("::/0", "::/0")]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData("::ffff:10.0.0.0/104", "10.0.0.0/8")]
    [InlineData("2001:db8::/33", "2001:db8::/33")]
    public void Prefixes_are_read_and_written(string text, string written) => Assert.Equal(written, AddressPrefix.Parse(text).ToString());

    [Fact]
    public void A_prefix_of_IPv4_holds_no_IPv6()
    {
        Assert.True(AddressPrefix.Parse("0.0.0.0/0").Contains(At("8.8.8.8")));
        Assert.False(AddressPrefix.Parse("0.0.0.0/0").Contains(At("2a00::1")));
        Assert.True(AddressPrefix.Parse("::/0").Contains(new TransportAddress(IPAddress.IPv6Loopback, 1)));
    }
}
