using System.Net.NetworkInformation;
using Thaw.Protocol;

namespace Thaw.Net.Addresses;

/// <summary>What the system says about its interfaces; every judgement about it is made elsewhere.</summary>
public static class SystemInterfaces
{
    /// <exception cref="NetworkInformationException">The system does not say.</exception>
    public static IReadOnlyList<InterfaceAddress> Read() => [.. NetworkInterface.GetAllNetworkInterfaces().Where(IsUp).SelectMany(AddressesOf)];

    // Loopback and tunnels report Unknown on Linux.
    internal static bool IsUp(NetworkInterface network)
        => network.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown;

    private static IEnumerable<InterfaceAddress> AddressesOf(NetworkInterface network)
    {
        var properties = network.GetIPProperties();
        if (properties.UnicastAddresses.Count == 0) return [];
        bool hasGateway = properties.GatewayAddresses.Any(g => AddressScopes.Of(g.Address) is not AddressScope.Unusable);
        bool isVirtualPair = IsVirtualPair(network.Name);
        return properties.UnicastAddresses.Select(u
            => new InterfaceAddress(network.Name, new TransportAddress(u.Address, 0).Address, hasGateway, isVirtualPair)); // without its scope
    }

    // One end of a veth: it is linked to another interface than itself, and has no type of its own as macvlan or vlan have.
    private static bool IsVirtualPair(string name)
    {
        string folder = $"/sys/class/net/{name}";
        return SystemFiles.Read($"{folder}/iflink") is { } link && link != SystemFiles.Read($"{folder}/ifindex")
            && SystemFiles.Read($"{folder}/uevent")?.Contains("DEVTYPE=", StringComparison.Ordinal) is false;
    }
}

internal static class SystemFiles
{
    private const int MostCharacters = 16 * 1024;

    /// <summary>The beginning of a small file, trimmed; null if it cannot be read.</summary>
    public static string? Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            char[] text = new char[MostCharacters];
            int length = reader.ReadBlock(text);
            return new string(text, 0, length).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
