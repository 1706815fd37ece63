using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Thaw.Net.Addresses;

/// <summary>
/// What the user says the world knows this machine by: <c>ADDRESS[:PORT][/PRIVATE]</c>, where ADDRESS may be a host name,
/// which is looked up again and again because it may move.
/// </summary>
public sealed record PublicAddress
{
    private PublicAddress() { }

    /// <summary>Null where an address was given.</summary>
    public string? HostName { get; private init; }

    /// <summary>Null where a host name was given.</summary>
    public IPAddress? Address { get; private init; }

    /// <summary>The address behind the translation: this machine's, or its host's where this is a container.</summary>
    public IPAddress? Private { get; private init; }

    /// <summary>The port outside; null where it is the same as inside.</summary>
    public ushort? Port { get; private init; }

    public static bool TryParse(string text, [NotNullWhen(true)] out PublicAddress? parsed)
    {
        parsed = null;
        var (outside, inside) = text.Split('/') switch
        {
            [var only] => (only, null),
            [var first, var second] => (first, second),
            _ => ("", null),
        };
        IPAddress? behind = null;
        if (inside is not null && !TryAddress(inside, out behind)) return false;
        if (!TrySplitPort(outside, out string host, out ushort? port)) return false;

        if (TryAddress(host, out var address))
        {
            if (behind is not null && behind.AddressFamily != address.AddressFamily) return false;
            parsed = new PublicAddress { Address = address, Private = behind, Port = port };
        }
        else if (!outside.StartsWith('[') && IsName(host))
        {
            parsed = new PublicAddress { HostName = host, Private = behind, Port = port };
        }

        return parsed is not null;
    }

    public override string ToString()
    {
        string outside = HostName ?? (Port is not null && Address!.AddressFamily is AddressFamily.InterNetworkV6 ? $"[{Address}]" : $"{Address}");
        return outside + (Port is { } port ? $":{port}" : "") + (Private is { } inside ? $"/{inside}" : "");
    }

    // "[v6]:port", "v6", "v4:port", "name:port".
    private static bool TrySplitPort(string text, out string host, out ushort? port)
    {
        (host, port) = (text, null);
        int colon = text.LastIndexOf(':');
        if (text.StartsWith('['))
        {
            int end = text.IndexOf(']');
            if (end < 0 || (colon > end && colon != end + 1) || (colon < end && end != text.Length - 1)) return false;
            host = text[1..end];
            if (colon < end) return true;
        }
        else if (colon < 0 || text.IndexOf(':') != colon)
        {
            return true;
        }
        else
        {
            host = text[..colon];
        }

        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) || number == 0) return false;
        port = number;
        return true;
    }

    // IPAddress also takes "1" and "0x7f.1"; nobody's address is a multicast or a broadcast one, or none at all.
    private static bool TryAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        if (!IPAddress.TryParse(text, out address) || text.Contains('%')) return false;
        if (address.AddressFamily is AddressFamily.InterNetworkV6) return !address.IsIPv6Multicast && !address.Equals(IPAddress.IPv6Any);
        return address.ToString() == text && AddressScopes.Of(address) is not AddressScope.Unusable;
    }

    private static bool IsName(string text)
        => Uri.CheckHostName(text) is UriHostNameType.Dns && text.Any(char.IsAsciiLetter) && text.Length <= 253;
}
