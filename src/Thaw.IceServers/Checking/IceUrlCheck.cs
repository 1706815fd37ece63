using System.Net;
using Thaw.Net.Addresses;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;

namespace Thaw.IceServers.Checking;

/// <summary>What is wrong with one URL (RFC 7064 §3.1, RFC 7065 §3.1), where, and what was meant.</summary>
public static class IceUrlCheck
{
    private const ushort DnsPort = 53;

    /// <summary>Errors exactly where <see cref="IceServerUrl.TryParse"/> refuses, and for an address that nobody can have.</summary>
    public static IReadOnlyList<IceFinding> Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!IceServerUrl.TryParse(text, out var url, out _)) return [IceUrlFault.Find(text)];

        var findings = new List<IceFinding>();
        if (Reach(url, text) is { } unreachable) findings.Add(unreachable);
        if (Habit(url, text) is { } habit) findings.Add(habit);
        return findings;
    }

    /// <summary>Valid, and seldom what was meant.</summary>
    private static IceFinding? Habit(IceServerUrl url, string text)
    {
        bool saysTransport = text.Contains('?');
        if (url is { Port: DnsPort })
            return Warn("port-53", "browsers never ask port 53", text, PortAt(text));
        if (url is { Kind: GatheringKind.Stun, Tls: true })
            return Warn("stuns", "STUN over TLS tells nobody the address of his UDP port; most clients skip it", text, 0, "stun" + text[text.IndexOf(':')..]);
        if (url is { Kind: GatheringKind.Turn, Tls: true, Transport: TransportProtocol.Udp })
            return Warn("turns-over-udp", "TURN over DTLS is spoken by no browser", text, text.IndexOf('?'), text[..text.IndexOf('?')] + "?transport=tcp");
        if (url is { Kind: GatheringKind.Turn, Tls: false, Transport: TransportProtocol.Udp, Port: 443 or 80 } && !saysTransport)
            return Warn("turn-is-udp", $"without ?transport=tcp this is UDP port {url.Port}, which helps nobody whose network blocks UDP", text, text.Length, text + "?transport=tcp");
        if (url is { Kind: GatheringKind.Turn, Tls: false, Port: 5349 })
            return Warn("turn-on-tls-port", "port 5349 is for TURN over TLS (RFC 8489 §18.6), which is turns:", text, 0, $"turns{text[text.IndexOf(':')..].Split('?')[0]}?transport=tcp");
        return null;
    }

    private static IceFinding? Reach(IceServerUrl url, string text)
    {
        int at = text.IndexOf(url.Host, StringComparison.Ordinal);
        if (url.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || url.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
            return Warn("host-is-loopback", "localhost is each reader's own machine", text, at);
        if (!IPAddress.TryParse(url.Host, out var address)) return null;
        return AddressScopes.Of(address) switch
        {
            AddressScope.Unusable => new("host-is-nobody", IceSeverity.Error, "that is the address of no host: name the one by which clients reach the server", text, at),
            AddressScope.Loopback => Warn("host-is-loopback", "a loopback address is each reader's own machine", text, at),
            AddressScope.LinkLocal => Warn("host-is-link-local", "a link-local address is reached on its own link only", text, at),
            AddressScope.Private => Warn("host-is-private", "a private address is reached from inside its own network only", text, at),
            AddressScope.SharedByProvider => Warn("host-is-shared", "100.64.0.0/10 is reached inside one provider's network or overlay only", text, at),
            _ => null,
        };
    }

    private static int PortAt(string text)
    {
        int query = text.IndexOf('?');
        return (query < 0 ? text : text[..query]).LastIndexOf(':') + 1;
    }

    private static IceFinding Warn(string code, string text, string subject, int at, string? instead = null)
        => new(code, IceSeverity.Warning, text, subject, at, instead);
}
