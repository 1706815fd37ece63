using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Thaw.Protocol.Gathering;

/// <summary>The URL of a STUN or TURN server (RFC 7064, RFC 7065), not yet resolved.</summary>
/// <param name="Host">A name, or an address without brackets.</param>
/// <param name="Transport">What the client speaks with the server; TLS runs over TCP.</param>
public sealed record IceServerUrl(GatheringKind Kind, TransportProtocol Transport, bool Tls, string Host, ushort Port)
{
    private const ushort DefaultPort = 3478;    // RFC 8489 §18.6
    private const ushort DefaultTlsPort = 5349; // RFC 8489 §18.6
    private static readonly SearchValues<char> NotInHosts = SearchValues.Create("/\\?#[]<>\"'{}|^` ,;");

    private const int LongestHost = 253;        // RFC 1035 §2.3.4, as text

    /// <param name="error">Names the part that is wrong and what it may be. Quotes nothing but the URL.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out IceServerUrl? url, out string error)
    {
        (url, error) = (null, "");
        int colon = text.IndexOf(':');
        var scheme = colon < 0 ? text : text.AsSpan(0, colon);
        if (KindOf(scheme) is not { } kind) { error = $"\"{text}\": \"{scheme}\" is not stun, stuns, turn or turns"; return false; }

        string rest = text[(colon + 1)..];
        bool tls = scheme[^1] is 's' or 'S';
        if (colon < 0 || rest.Length == 0) { error = $"\"{text}\": no host after \"{scheme}:\""; return false; }
        if (rest.StartsWith('/')) { error = $"\"{text}\": no slashes; write \"{scheme}:{rest.TrimStart('/')}\""; return false; }

        int query = rest.IndexOf('?');
        if (!TryReadTransport(query < 0 ? "" : rest[query..], kind, tls, out var transport, out error)
            || !TryReadHost(query < 0 ? rest : rest[..query], tls, out string host, out ushort port, out error))
        {
            error = $"\"{text}\": {error}";
            return false;
        }

        url = new IceServerUrl(kind, transport, tls, host, port);
        return true;
    }

    private static GatheringKind? KindOf(ReadOnlySpan<char> scheme)
    {
        if (scheme.Equals("stun", StringComparison.OrdinalIgnoreCase) || scheme.Equals("stuns", StringComparison.OrdinalIgnoreCase)) return GatheringKind.Stun;
        if (scheme.Equals("turn", StringComparison.OrdinalIgnoreCase) || scheme.Equals("turns", StringComparison.OrdinalIgnoreCase)) return GatheringKind.Turn;
        return null;
    }

    // RFC 7065 §3.1; without it UDP, or TCP for TLS (RFC 5928 §3).
    private static bool TryReadTransport(string query, GatheringKind kind, bool tls, out TransportProtocol transport, out string error)
    {
        const string Key = "?transport=";
        (transport, error) = (tls ? TransportProtocol.Tcp : TransportProtocol.Udp, "");
        if (query.Length == 0) return true;
        if (kind is GatheringKind.Stun) error = $"a STUN URL has no \"{query}\"";
        else if (!query.StartsWith(Key, StringComparison.OrdinalIgnoreCase)) error = $"\"{query}\" is not {Key}udp or {Key}tcp";
        else if (query[Key.Length..].Equals("udp", StringComparison.OrdinalIgnoreCase)) transport = TransportProtocol.Udp;
        else if (query[Key.Length..].Equals("tcp", StringComparison.OrdinalIgnoreCase)) transport = TransportProtocol.Tcp;
        else error = $"\"{query[Key.Length..]}\" is not udp or tcp";
        return error.Length == 0;
    }

    private static bool TryReadHost(string text, bool tls, out string host, out ushort port, out string error)
    {
        (host, port, error) = (text, tls ? DefaultTlsPort : DefaultPort, "");
        if (text.Contains('@')) { error = "no user in the URL; username and credential stand beside it"; return false; }

        string? portText = null;
        if (text.StartsWith('['))
        {
            int end = text.IndexOf(']');
            host = end < 0 ? text[1..] : text[1..end];
            bool isAddress = TransportAddress.TryParse(host, 0, out var six) && six.IsIPv6 && !host.Contains('%');
            if (end < 0 || !isAddress) { error = $"\"[{host}{(end < 0 ? "" : "]")}\" is not an IPv6 address in brackets"; return false; }
            if (end + 1 < text.Length && text[end + 1] != ':') { error = $"\"{text[(end + 1)..]}\" after the address is not a port"; return false; }
            if (end + 1 < text.Length) portText = text[(end + 2)..];
        }
        else if (text.IndexOf(':') is >= 0 and var colon)
        {
            if (TransportAddress.TryParse(text, 0, out _)) { error = $"an IPv6 address wants brackets: \"[{text}]\""; return false; }
            (host, portText) = (text[..colon], text[(colon + 1)..]);
        }

        if (!IsHost(host)) { error = $"\"{host}\" is not a host name or an address"; return false; }
        if (portText is null) return true;
        if (ushort.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port != 0) return true;
        error = $"\"{portText}\" is not a port (1 to 65535)";
        return false;
    }

    // Letters of other scripts too: resolvers take them, or not.
    private static bool IsHost(string host) => host.Length is > 0 and <= LongestHost
        && !host.AsSpan().ContainsAnyExceptInRange('!', char.MaxValue) && !host.AsSpan().ContainsAny(NotInHosts);
}
