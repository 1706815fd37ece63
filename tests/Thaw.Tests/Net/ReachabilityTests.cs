using System.Net;
using Thaw.Net.Addresses;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.Net;

/// <summary>Machines as their files and interfaces describe them, and what that means for who reaches them.</summary>
public sealed class ReachabilityTests
{
    private static readonly InterfaceAddress Lan = new("eth0", IPAddress.Parse("10.0.0.5"), HasGateway: true);
    private static readonly InterfaceAddress Pair = new("eth0", IPAddress.Parse("172.17.0.2"), HasGateway: true, IsVirtualPair: true);
    private static readonly InterfaceAddress Public = new("eth0", IPAddress.Parse("203.0.113.7"), HasGateway: true);

    [Theory]
    [InlineData("/.dockerenv", "", ContainerKind.Docker)]
    [InlineData("/run/.containerenv", "", ContainerKind.Podman)]
    [InlineData("/proc/1/cgroup", "12:cpu:/docker/0123", ContainerKind.Docker)]
    [InlineData("/proc/1/cgroup", "12:cpu:/kubepods/besteffort/pod1/0123", ContainerKind.Kubernetes)]
    [InlineData("/proc/1/cgroup", "0::/machine.slice/libpod-0123.scope", ContainerKind.Podman)]
    [InlineData("/proc/1/cgroup", "0::/init.scope", ContainerKind.None)]
    public void A_container_is_known_by_its_files(string file, string content, ContainerKind kind)
        => Assert.Equal(kind, Machine([(file, content)]).Container);

    [Theory]
    [InlineData("KUBERNETES_SERVICE_HOST", "10.96.0.1", ContainerKind.Kubernetes)]
    [InlineData("container", "podman", ContainerKind.Podman)]
    [InlineData("container", "lxc", ContainerKind.Other)]
    [InlineData("DOTNET_RUNNING_IN_CONTAINER", "true", ContainerKind.Other)]
    public void A_container_is_known_by_its_environment(string variable, string value, ContainerKind kind)
        => Assert.Equal(kind, Machine([], [(variable, value)]).Container);

    [Theory]
    [InlineData("sys_vendor", "Amazon EC2", CloudProvider.Aws)]
    [InlineData("bios_version", "4.11.amazon", CloudProvider.Aws)]
    [InlineData("product_name", "Google Compute Engine", CloudProvider.GoogleCloud)]
    [InlineData("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", CloudProvider.Azure)]
    [InlineData("chassis_asset_tag", "OracleCloud.com", CloudProvider.Oracle)]
    [InlineData("sys_vendor", "Alibaba Cloud", CloudProvider.Alibaba)]
    [InlineData("sys_vendor", "Microsoft Corporation", CloudProvider.None)] // any Hyper-V
    [InlineData("sys_vendor", "Dell Inc.", CloudProvider.None)]
    public void A_cloud_is_known_by_its_firmware(string name, string content, CloudProvider cloud)
        => Assert.Equal(cloud, Machine([($"/sys/class/dmi/id/{name}", content)]).Cloud);

    [Fact]
    public void A_container_on_its_hosts_network_is_not_bridged()
    {
        Assert.True(Machine([("/.dockerenv", "")], [], Pair).IsBridgedContainer);
        Assert.False(Machine([("/.dockerenv", "")], [], Pair, Lan).IsBridgedContainer);
        Assert.False(Machine([], [], Pair).IsBridgedContainer); // a network namespace by hand
        Assert.True(Machine([("/run/.containerenv", "")], [], new InterfaceAddress("tap0", IPAddress.Parse("10.0.2.100"))).IsBridgedContainer);
    }

    [Fact]
    public void A_machine_with_a_public_address_needs_nothing() => Assert.Empty(Judge(Machine([], [], Public), Public));

    [Fact]
    public void A_machine_on_a_lan_is_told_so_and_no_more()
        => Assert.Equal(new ReachabilityFinding(ReachabilityProblem.PrivateNetwork, false, "10.0.0.5"), Assert.Single(Judge(Machine([], [], Lan), Lan)));

    [Fact]
    public void A_bridged_container_is_reached_by_nobody()
        => Assert.Equal(new ReachabilityFinding(ReachabilityProblem.ContainerNetwork, true, "172.17.0.2"), Assert.Single(Judge(Machine([("/.dockerenv", "")], [], Pair), Pair)));

    [Fact]
    public void A_bridged_container_that_announces_its_host_is_reached_unless_http_is_inside()
    {
        var container = Machine([("/.dockerenv", "")], [], Pair);
        AnnouncedAs[] announced = [new(At("203.0.113.7"), true), new(At("172.17.0.2"), false)];

        Assert.Empty(Reachability.Judge(container, announced, new()));
        Assert.Equal(ReachabilityProblem.HttpInsideContainer, Assert.Single(Reachability.Judge(container, announced, new() { IsHttpLocal = true })).Problem);
    }

    [Fact]
    public void A_cloud_machine_with_a_private_address_has_another_outside()
        => Assert.Equal(new ReachabilityFinding(ReachabilityProblem.CloudNat, true, "10.0.0.5"), Assert.Single(Judge(Machine([("/sys/class/dmi/id/sys_vendor", "Amazon EC2")], [], Lan), Lan)));

    [Fact]
    public void A_cloud_machine_with_ipv6_is_out_of_reach_for_ipv4_only()
    {
        var six = new InterfaceAddress("eth0", IPAddress.Parse("2001:db8::5"));
        var found = Judge(Machine([("/sys/class/dmi/id/sys_vendor", "Amazon EC2")], [], six, Lan), six, Lan);

        Assert.Equal(new ReachabilityFinding(ReachabilityProblem.CloudNat, false, "10.0.0.5"), Assert.Single(found));
    }

    [Fact]
    public void A_machine_with_public_ipv6_alone_needs_nothing()
    {
        var six = new InterfaceAddress("eth0", IPAddress.Parse("2001:db8::5"));
        Assert.Empty(Judge(Machine([], [], six), six));
    }

    [Fact]
    public void Wsl_is_a_wall_unless_its_network_is_mirrored()
    {
        (string, string)[] wsl = [("/proc/version", "Linux version 6.6.87-microsoft-standard-WSL2")];
        var nat = new InterfaceAddress("eth0", IPAddress.Parse("172.28.112.5"));

        Assert.Equal(ReachabilityProblem.WslNat, Assert.Single(Judge(Machine(wsl, [], nat), nat)).Problem);
        Assert.Equal(ReachabilityProblem.PrivateNetwork, Assert.Single(Judge(Machine(wsl, [], Lan), Lan)).Problem);
    }

    [Theory]
    [InlineData("10.0.2.15", "", ReachabilityProblem.VmNat)]
    [InlineData("10.0.2.20", "innotek GmbH", ReachabilityProblem.VmNat)]
    [InlineData("10.0.2.20", "Dell Inc.", ReachabilityProblem.PrivateNetwork)]
    [InlineData("10.0.3.15", "innotek GmbH", ReachabilityProblem.PrivateNetwork)]
    public void A_virtual_machine_behind_its_hypervisor_is_known_by_its_lease(string address, string vendor, ReachabilityProblem problem)
    {
        var guest = new InterfaceAddress("eth0", IPAddress.Parse(address));
        Assert.Equal(problem, Assert.Single(Judge(Machine([("/sys/class/dmi/id/sys_vendor", vendor)], [], guest), guest)).Problem);
    }

    [Fact]
    public void Carrier_grade_nat_is_told_from_an_overlay_by_the_interface()
    {
        var carrier = new InterfaceAddress("eth0", IPAddress.Parse("100.72.1.1"));
        var overlay = new InterfaceAddress("tailscale0", IPAddress.Parse("100.72.1.1"));

        Assert.Equal(ReachabilityProblem.ProviderNat, Assert.Single(Judge(Machine([], [], carrier), carrier)).Problem);
        Assert.Equal(ReachabilityProblem.PrivateNetwork, Assert.Single(Judge(Machine([], [], Lan, overlay), Lan, overlay)).Problem);
    }

    [Fact]
    public void A_platform_that_passes_http_only_is_hopeless_whatever_is_announced()
    {
        var run = Machine([], [("K_SERVICE", "voice"), ("K_REVISION", "1")], Lan);
        Assert.Equal(new ReachabilityFinding(ReachabilityProblem.HttpOnlyPlatform, true, "Cloud Run"), Assert.Single(Judge(run, Public)));
    }

    [Fact]
    public void With_loopback_alone_the_machine_talks_to_itself()
        => Assert.Equal(ReachabilityProblem.OnlyLoopback, Assert.Single(Judge(Machine([]), new InterfaceAddress("lo", IPAddress.Loopback))).Problem);

    [Fact]
    public void A_relay_makes_any_machine_reachable()
        => Assert.Empty(Reachability.Judge(Machine([("/.dockerenv", "")], [], Pair), [new(At("172.17.0.2"), false)], new() { HasRelay = true }));

    [Fact]
    public void An_address_that_stun_told_may_do_and_may_not()
    {
        var found = Reachability.Judge(Machine([("/.dockerenv", "")], [], Pair), [new(At("172.17.0.2"), false)], new() { HasReflexive = true });
        Assert.Equal(new ReachabilityFinding(ReachabilityProblem.ContainerNetwork, false, "172.17.0.2"), Assert.Single(found));
    }

    [Fact]
    public void What_was_to_be_announced_and_is_not_is_named()
    {
        var asked = new ReachabilityQuestion { UnknownNames = ["nosuch.example"], Unannounced = [IPAddress.Parse("2001:db8::9")] };

        var found = Reachability.Judge(Machine([], [], Public), [new(At("203.0.113.7"), false)], asked);

        Assert.Equal([(ReachabilityProblem.NameUnknown, "nosuch.example"), (ReachabilityProblem.NoSocketOfFamily, "2001:db8::9")], found.Select(f => (f.Problem, f.Detail)));
        Assert.All(found, f => Assert.False(f.IsFatal));
    }

    private static IReadOnlyList<ReachabilityFinding> Judge(HostFacts facts, params InterfaceAddress[] announced)
        => Reachability.Judge(facts, [.. announced.Select(a => new AnnouncedAs(new TransportAddress(a.Address, 7860), false))], new());

    private static HostFacts Machine((string Path, string Content)[] files, (string Name, string Value)[]? variables = null, params InterfaceAddress[] addresses)
        => HostFacts.From(Lookup(files), Lookup(variables ?? []), addresses);

    private static Func<string, string?> Lookup((string Key, string Value)[] all) => key => all.Where(a => a.Key == key).Select(a => a.Value).FirstOrDefault();

    private static TransportAddress At(string address) => new(IPAddress.Parse(address), 7860);
}
