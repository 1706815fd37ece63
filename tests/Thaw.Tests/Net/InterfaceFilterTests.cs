using System.Net;
using Thaw.Net.Addresses;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class InterfaceFilterTests
{
    private static readonly InterfaceAddress[] Workstation =
    [
        On("lo", "127.0.0.1"), On("docker0", "172.17.0.1"), On("tailscale0", "100.100.1.1"), On("eth1", "10.0.0.5"),
        On("wlan0", "192.168.1.9", gateway: true), On("br-0123456789ab", "172.18.0.1"), On("virbr0", "192.168.122.1"), On("br-lan", "192.168.7.1"),
    ];

    [Fact]
    public void The_way_to_the_internet_comes_first_tunnels_after_real_networks_and_bridges_of_containers_not_at_all()
        => Assert.Equal(["wlan0", "eth1", "br-lan", "tailscale0", "lo"], Chosen(new(), Workstation));

    [Theory]
    [InlineData("docker0")]
    [InlineData("docker_gwbridge")]
    [InlineData("veth12ab")]
    [InlineData("virbr0-nic")]
    [InlineData("cni0")]
    [InlineData("flannel.1")]
    [InlineData("vmnet8")]
    [InlineData("vboxnet0")]
    [InlineData("lxcbr0")]
    [InlineData("podman1")]
    [InlineData("vEthernet (WSL (Hyper-V firewall))")]
    public void A_bridge_of_this_machines_own_guests_is_left_out(string name)
        => Assert.Equal(["eth0"], Chosen(new(), [On(name, "172.20.0.1"), On("eth0", "192.0.2.2")]));

    [Fact]
    public void A_bridge_is_used_if_it_is_all_there_is()
        => Assert.Equal(["veth0", "lo"], Chosen(new(), [On("lo", "127.0.0.1"), On("veth0", "10.0.0.2")]));

    [Fact]
    public void A_bridge_is_used_if_it_is_named()
        => Assert.Equal(["docker0"], Chosen(new() { Include = ["docker*"] }, Workstation));

    [Fact]
    public void What_is_named_excludes_all_else() => Assert.Equal(["eth1", "lo"], Chosen(new() { Include = ["eth*", "lo"] }, Workstation));

    [Fact]
    public void Exclusion_wins_over_everything()
        => Assert.Equal(["eth1", "br-lan"], Chosen(new() { Include = ["eth*", "br-lan", "wlan0"], Exclude = ["wlan?"] }, Workstation));

    [Fact]
    public void What_is_excluded_is_not_brought_back_by_there_being_nothing_else()
        => Assert.Equal(["lo"], Chosen(new() { Exclude = ["veth0"] }, [On("lo", "127.0.0.1"), On("veth0", "10.0.0.2")]));

    [Fact]
    public void Names_that_match_nothing_choose_nothing() => Assert.Empty(Chosen(new() { Include = ["eth9"] }, Workstation));

    private static InterfaceAddress On(string name, string address, bool gateway = false) => new(name, IPAddress.Parse(address), gateway);

    private static IEnumerable<string> Chosen(InterfaceFilter filter, InterfaceAddress[] all) => filter.Select(all).Select(a => a.Interface);
}
