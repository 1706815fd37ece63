using System.IO.Enumeration;
using System.Net;

namespace Thaw.Net.Addresses;

/// <summary>One address of one network interface.</summary>
/// <param name="HasGateway">A default route leaves by this interface.</param>
/// <param name="IsVirtualPair">Its other end is in another network namespace: how a bridged container is connected.</param>
public sealed record InterfaceAddress(string Interface, IPAddress Address, bool HasGateway = false, bool IsVirtualPair = false)
{
    private static readonly string[] Tunnels = ["tun*", "tap*", "utun*", "wg*", "tailscale*", "zt*", "ppp*", "ipsec*", "nordlynx*"];

    // What containers and virtual machines of this machine hang on. A br-* that Docker made has twelve hexadecimal digits.
    private static readonly string[] Bridges =
    [
        "docker*", "veth*", "virbr*", "cni*", "flannel*", "cali*", "vmnet*", "vboxnet*", "lxc*", "lxdbr*", "podman*",
        "vEthernet (WSL*", "vEthernet (Default Switch)", "VMware Network Adapter*", "VirtualBox Host-Only*",
    ];

    public InterfaceKind Kind =>
        IPAddress.IsLoopback(Address) ? InterfaceKind.Loopback
        : Matches(Tunnels, Interface) ? InterfaceKind.Tunnel
        : Matches(Bridges, Interface) || IsDockerNetwork(Interface) ? InterfaceKind.Bridge
        : InterfaceKind.Ordinary;

    internal static bool Matches(IReadOnlyList<string> globs, string name)
        => globs.Any(glob => FileSystemName.MatchesSimpleExpression(glob, name));

    private static bool IsDockerNetwork(string name)
        => name.Length == 15 && name.StartsWith("br-", StringComparison.Ordinal) && name[3..].All(char.IsAsciiHexDigitLower);
}

/// <summary>What an interface leads to, by its name. The order is that of preference.</summary>
public enum InterfaceKind { Ordinary, Tunnel, Bridge, Loopback }
