using System.Net;
using System.Net.Sockets;

namespace Thaw.Diagnosis.Facts;

/// <summary>Who can reach an address, and what gives out such addresses: that is all that rules look at.</summary>
public enum AddressClass
{
    Public,
    Private,     // RFC 1918, RFC 4193
    Container,   // 172.16.0.0/12 of RFC 1918: where Docker puts its bridges, and WSL its machine
    Vm,          // 10.0.2.0/24: VirtualBox's and QEMU's own network
    Provider,    // RFC 6598: 100.64.0.0/10; overlays use it too
    Link,        // RFC 3927, RFC 4291 §2.5.6
    Loopback,
    Unspecified, // 0.0.0.0 and ::, and nothing at all: hidden
    Mdns,        // a name under .local
    Name,
}

/// <summary>Classes of literals, names, and of tokens such as <c>private-2</c>, <c>public6-1f3a90c2</c> that stand for an address.</summary>
public static class AddressClasses
{
    private static readonly (IPNetwork Network, AddressClass Class)[] Ranges =
    [
        (IPNetwork.Parse("10.0.2.0/24"), AddressClass.Vm),
        (IPNetwork.Parse("10.0.0.0/8"), AddressClass.Private),
        (IPNetwork.Parse("172.16.0.0/12"), AddressClass.Container),
        (IPNetwork.Parse("192.168.0.0/16"), AddressClass.Private),
        (IPNetwork.Parse("100.64.0.0/10"), AddressClass.Provider),
        (IPNetwork.Parse("169.254.0.0/16"), AddressClass.Link),
        (IPNetwork.Parse("127.0.0.0/8"), AddressClass.Loopback),
        (IPNetwork.Parse("0.0.0.0/8"), AddressClass.Unspecified),
        (IPNetwork.Parse("::1/128"), AddressClass.Loopback),
        (IPNetwork.Parse("::/128"), AddressClass.Unspecified),
        (IPNetwork.Parse("fe80::/10"), AddressClass.Link),
        (IPNetwork.Parse("fc00::/7"), AddressClass.Private),
    ];

    private static readonly (string Word, AddressClass Class)[] Words = [.. Enum.GetValues<AddressClass>().Select(c => (Word(c), c))];

    public static AddressClass Of(string address)
    {
        if (address.Length == 0) return AddressClass.Unspecified;
        if (Literal(address) is { } ip)
        {
            foreach (var (network, known) in Ranges)
                if (network.BaseAddress.AddressFamily == ip.AddressFamily && network.Contains(ip)) return known;
            return AddressClass.Public;
        }

        if (address.EndsWith(".local", StringComparison.OrdinalIgnoreCase)) return AddressClass.Mdns;
        foreach (var (word, known) in Words)
            if (IsToken(address, word)) return known;
        return AddressClass.Name;
    }

    public static bool IsIPv6(string address)
        => Literal(address) is { } ip ? ip.AddressFamily is AddressFamily.InterNetworkV6 : address.IndexOf("6-", StringComparison.Ordinal) is > 0 and var at && Words.Any(w => w.Word.Length == at && address.StartsWith(w.Word, StringComparison.Ordinal));

    internal static string Word(AddressClass c) => c switch
    {
        AddressClass.Public => "public",
        AddressClass.Private => "private",
        AddressClass.Container => "container",
        AddressClass.Vm => "vm",
        AddressClass.Provider => "provider",
        AddressClass.Link => "link",
        AddressClass.Loopback => "loopback",
        AddressClass.Unspecified => "unspecified",
        AddressClass.Mdns => "mdns",
        _ => "name",
    };

    private static IPAddress? Literal(string address)
    {
        if (address[0] != '[' && !address.Contains(':', StringComparison.Ordinal) && !char.IsAsciiDigit(address[^1])) return null;
        if (!IPAddress.TryParse(address, out var ip) || ip.AddressFamily is AddressFamily.InterNetwork && address.AsSpan().Count('.') != 3) return null;
        return ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip;
    }

    private static bool IsToken(string address, string word)
        => address.StartsWith(word, StringComparison.Ordinal) && (address.AsSpan(word.Length).StartsWith("-") || address.AsSpan(word.Length).StartsWith("6-"));
}
