using System.Net;
using System.Net.Sockets;

namespace Thaw.Net.Addresses;

/// <summary>Who can reach an address, as far as the address itself tells.</summary>
public enum AddressScope
{
    /// <summary>Nobody: unspecified, multicast, broadcast, reserved.</summary>
    Unusable,

    /// <summary>This machine (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).</summary>
    Loopback,

    /// <summary>This link (RFC 3927, RFC 4291 §2.5.6).</summary>
    LinkLocal,

    /// <summary>This site: RFC 1918, and RFC 4193 for IPv6.</summary>
    Private,

    /// <summary>This provider's customers: 100.64.0.0/10 (RFC 6598). Overlays such as Tailscale use it too.</summary>
    SharedByProvider,

    /// <summary>Everyone, unless a firewall says otherwise.</summary>
    Global,
}

public static class AddressScopes
{
    private static readonly (IPNetwork Network, AddressScope Scope)[] Ranges =
    [
        (IPNetwork.Parse("127.0.0.0/8"), AddressScope.Loopback),
        (IPNetwork.Parse("169.254.0.0/16"), AddressScope.LinkLocal),
        (IPNetwork.Parse("10.0.0.0/8"), AddressScope.Private),
        (IPNetwork.Parse("172.16.0.0/12"), AddressScope.Private),
        (IPNetwork.Parse("192.168.0.0/16"), AddressScope.Private),
        (IPNetwork.Parse("100.64.0.0/10"), AddressScope.SharedByProvider),
        (IPNetwork.Parse("0.0.0.0/8"), AddressScope.Unusable),
        (IPNetwork.Parse("224.0.0.0/3"), AddressScope.Unusable), // multicast and what was reserved: RFC 1112 §4
        (IPNetwork.Parse("::1/128"), AddressScope.Loopback),
        (IPNetwork.Parse("::/128"), AddressScope.Unusable),
        (IPNetwork.Parse("fe80::/10"), AddressScope.LinkLocal),
        (IPNetwork.Parse("fc00::/7"), AddressScope.Private),
        (IPNetwork.Parse("ff00::/8"), AddressScope.Unusable),
    ];

    public static AddressScope Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var (network, scope) in Ranges)
            if (network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address)) return scope;
        return address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 ? AddressScope.Global : AddressScope.Unusable;
    }
}
