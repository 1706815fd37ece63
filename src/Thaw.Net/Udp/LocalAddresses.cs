using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Thaw.Net.Addresses;
using Thaw.Protocol;

namespace Thaw.Net.Udp;

/// <summary>Which addresses this machine can be reached at.</summary>
internal static class LocalAddresses
{
    /// <summary>The better first.</summary>
    /// <exception cref="NetworkInformationException">The system does not say.</exception>
    public static IReadOnlyList<IPAddress> Find(PeerHostOptions options)
    {
        var found = options.Addresses
            ?? options.Interfaces.Select([.. SystemInterfaces.Read().Where(a => IsUsable(a.Address, options.EnableIPv6))]).Select(a => a.Address);
        return [.. found.Where(a => IsUsable(a, options.EnableIPv6)).Select(WithoutScope).Distinct()];
    }

    private static IPAddress WithoutScope(IPAddress address) => new TransportAddress(address, 0).Address;

    // RFC 8445 §5.1.1.1 excludes site-local and mapped IPv6; link-local ones need a scope that no candidate line can carry.
    private static bool IsUsable(IPAddress address, bool enableIPv6) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => Socket.OSSupportsIPv4 && !address.Equals(IPAddress.Any),
        AddressFamily.InterNetworkV6 => enableIPv6 && Socket.OSSupportsIPv6
            && !address.Equals(IPAddress.IPv6Any) && !address.IsIPv6LinkLocal
            && !address.IsIPv6SiteLocal && !address.IsIPv6Multicast && !address.IsIPv4MappedToIPv6,
        _ => false,
    };
}
