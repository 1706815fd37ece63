using System.Net.NetworkInformation;
using System.Net.Sockets;
using Thaw.Net.Addresses;
using Thaw.Net.Udp;

namespace Thaw.Net.Names;

/// <summary>A link that can be asked for names. An index is 0 where the interface does not have that family.</summary>
internal readonly record struct MulticastInterface(int IPv4, int IPv6)
{
    private const int Most = 16;

    /// <summary>The interfaces whose addresses the host uses, but loopback: nobody answers there.</summary>
    public static IReadOnlyList<MulticastInterface> Find(PeerHostOptions options)
    {
        try
        {
            var used = LocalAddresses.Find(options);
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(n => SystemInterfaces.IsUp(n) && n.SupportsMulticast && n.NetworkInterfaceType is not NetworkInterfaceType.Loopback)
                .Select(n => n.GetIPProperties())
                .Where(p => p.UnicastAddresses.Any(u => used.Contains(u.Address)))
                .Select(p => new MulticastInterface(IndexOf(p, AddressFamily.InterNetwork), options.EnableIPv6 ? IndexOf(p, AddressFamily.InterNetworkV6) : 0))
                .Take(Most)];
        }
        catch (NetworkInformationException)
        {
            return []; // interfaces are changing under us: this name is not found
        }
    }

    private static int IndexOf(IPInterfaceProperties properties, AddressFamily family)
    {
        if (!properties.UnicastAddresses.Any(u => u.Address.AddressFamily == family)) return 0;
        return family is AddressFamily.InterNetwork ? properties.GetIPv4Properties()?.Index ?? 0 : properties.GetIPv6Properties()?.Index ?? 0;
    }
}
