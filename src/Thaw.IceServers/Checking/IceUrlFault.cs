using System.Buffers;
using System.Globalization;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;

namespace Thaw.IceServers.Checking;

/// <summary>Why a URL is not one of an ICE server. Asked only of those that are not.</summary>
internal static class IceUrlFault
{
    private const int LongestSubject = 300;
    private const string Host = "HOST"; // for the reader to fill in
    private static readonly string[] Schemes = ["stun", "stuns", "turn", "turns"];
    private static readonly SearchValues<char> NotInUrls = SearchValues.Create(" \t\r\n\"'");
    private static readonly SearchValues<char> NotInHosts = SearchValues.Create("/\\?#[]<>\"'{}|^` ,;\t\r\n");

    public static IceFinding Find(string text)
    {
        if (Find(text, out var fault)) return fault;
        _ = IceServerUrl.TryParse(text, out _, out string why); // a fault that this page has no word for
        return Error("url-invalid", BlankIn(why).Text, text, -1);
    }

    private static bool Find(string text, out IceFinding fault)
    {
        fault = text.Length > LongestSubject
            ? Error("url-too-long", $"a URL of {text.Length} characters", text[..LongestSubject] + "…", -1)
            : OfSpaces(text) ?? OfScheme(text) ?? OfRest(text)!;
        return fault is not null;
    }

    private static IceFinding? OfSpaces(string text)
    {
        if (text.Length == 0) return Error("url-empty", "no URL", "", -1);
        string trimmed = text.Trim().Trim('"', '\'', ',').Trim();
        int at = text.AsSpan().IndexOfAny(NotInUrls);
        return at < 0 ? null : Error("url-space", "spaces and quotes are no part of a URL", text, at, trimmed);
    }

    private static IceFinding? OfScheme(string text)
    {
        int colon = text.IndexOf(':');
        string scheme = colon < 0 ? text : text[..colon];
        if (Array.Exists(Schemes, known => known.Equals(scheme, StringComparison.OrdinalIgnoreCase)))
            return colon >= 0 ? null : Error("url-no-host", $"no host after {scheme}", text, text.Length, $"{scheme}:{Host}");
        if (scheme.Equals("https", StringComparison.OrdinalIgnoreCase) || scheme.Equals("http", StringComparison.OrdinalIgnoreCase))
        {
            bool isSafe = scheme.Length == 5;
            string meant = HostOf(text[(colon + 1)..].TrimStart('/')) is { } host ? isSafe ? $"turns:{host}:443?transport=tcp" : $"turn:{host}" : "";
            return Error("url-is-web", "a web address is no ICE server; where a provider gives credentials at it, it belongs in --ice-source http:url=…",
                text, 0, meant);
        }

        if (colon < 0 || scheme.Contains('.') || scheme.StartsWith('[') || LooksLikePort(text[(colon + 1)..]))
        {
            string guess = text.StartsWith("stun", StringComparison.OrdinalIgnoreCase) || text.EndsWith(":19302", StringComparison.Ordinal) ? "stun:" : "turn:";
            return Error("url-no-scheme", "no stun:, turn: or turns: in front of the host", text, 0, guess + text);
        }

        string written = scheme.ToLowerInvariant();
        string? near = Schemes.Where(known => IsNear(written, known)).MaxBy(known => known.Intersect(written).Count());
        return Error("url-scheme", $"\"{BlankIn(scheme).Text}\" is not stun, stuns, turn or turns", text, 0, near is null ? null : near + ":" + text[(colon + 1)..].TrimStart('/'));
    }

    private static IceFinding? OfRest(string text)
    {
        int start = text.IndexOf(':') + 1;
        string scheme = text[..start], rest = text[start..];
        if (rest.StartsWith('/'))
            return Error("url-slashes", "no slashes after the scheme: these URLs have no //", text, start, scheme + rest.TrimStart('/').TrimEnd('/'));

        int query = rest.IndexOf('?');
        string place = query < 0 ? rest : rest[..query], asked = query < 0 ? "" : rest[query..];
        if (place.Contains('@'))
            return Error("url-userinfo", "username and credential stand beside the URL, never in it", text, start,
                $$"""{"urls": "{{scheme}}{{place[(place.LastIndexOf('@') + 1)..]}}{{asked}}", "username": "…", "credential": "…"}""");
        return OfPlace(text, start, place, scheme) ?? OfQuery(text, start + query, scheme, place, asked);
    }

    private static IceFinding? OfPlace(string text, int start, string place, string scheme)
    {
        if (place.Length == 0) return Error("url-no-host", $"no host after {scheme}", text, start, $"{scheme}{Host}");
        string host = place, port = "";
        int portAt = -1;
        if (place.StartsWith('['))
        {
            int end = place.IndexOf(']');
            string inside = end < 0 ? place[1..] : place[1..end];
            if (end > 0 && inside.Length > 1 && inside.AsSpan().IndexOfAnyExcept(':', '0') < 0)
                return Error("host-is-nobody", "that is the address of no host: name the one by which clients reach the server", text, start + 1);
            if (end < 0 || inside.Contains('%') || !TransportAddress.TryParse(inside, 0, out var six) || !six.IsIPv6)
                return Error("url-ipv6", "between brackets stands an IPv6 address, without a zone", text, start + 1);
            if (end + 1 == place.Length) return null;
            if (place[end + 1] != ':') return Error("url-port", "after the address comes a colon and a port, or nothing", text, start + end + 1);
            (host, port, portAt) = ("", place[(end + 2)..], start + end + 2);
        }
        else if (place.IndexOf(':') is >= 0 and var colon)
        {
            if (TransportAddress.TryParse(place, 0, out _)) return Error("url-ipv6-brackets", "an IPv6 address wants brackets", text, start, text.Replace(place, $"[{place}]", StringComparison.Ordinal));
            (host, port, portAt) = (place[..colon], place[(colon + 1)..], start + colon + 1);
        }

        if (host.Length == 0 && portAt == start + 1) return Error("url-no-host", "no host before the port", text, start);
        int bad = host.AsSpan().IndexOfAny(NotInHosts);
        if (bad < 0) bad = host.AsSpan().IndexOfAnyInRange('\0', ' ');
        if (bad >= 0)
        {
            string cut = text[..(start + bad)];
            return host[bad] is '/' or '#' ? Error("url-path", "these URLs have no path", text, start + bad, cut + QueryOf(text))
                : host[bad] is '<' or '{' ? Error("url-placeholder", "a placeholder has not been filled in", text, start + bad)
                : Error("url-host", $"'{host[bad]}' is in no host name", text, start + bad);
        }

        return portAt < 0 ? null : OfPort(text, portAt, port, scheme);
    }

    private static IceFinding? OfPort(string text, int at, string port, string scheme)
    {
        if (ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) && number != 0) return null;
        int digits = port.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits > 0 && port[digits] is '/' or '#') return Error("url-path", "these URLs have no path", text, at + digits, text[..(at + digits)] + QueryOf(text));
        string without = text[..(at - 1)] + QueryOf(text);
        return port.Length == 0 ? Error("url-port", "no port after the colon", text, at, without)
            : Error("url-port", "a port is a number from 1 to 65535", text, digits > 0 ? at + digits : at, digits < 0 ? null : $"{text[..at]}{(scheme is "turns:" ? 5349 : 3478)}{QueryOf(text)}");
    }

    private static IceFinding? OfQuery(string text, int at, string scheme, string place, string query)
    {
        const string Key = "?transport=";
        if (query.Length == 0) return null;
        string bare = scheme + place;
        if (scheme.StartsWith("stun", StringComparison.OrdinalIgnoreCase))
            return Error("stun-transport", "a STUN URL has no ?transport= (RFC 7064): browsers refuse all servers for it", text, at, bare);
        if (!query.StartsWith(Key, StringComparison.OrdinalIgnoreCase))
            return Error("url-query", "a TURN URL has ?transport=udp or ?transport=tcp and no other query", text, at, bare + (query.Contains("tcp", StringComparison.OrdinalIgnoreCase) ? "?transport=tcp" : ""));

        string value = query[Key.Length..];
        string? instead = value.ToLowerInvariant() is "tls" or "ssl" ? $"turns:{place}?transport=tcp"
            : value.StartsWith("tcp", StringComparison.OrdinalIgnoreCase) ? $"{bare}?transport=tcp"
            : value.StartsWith("udp", StringComparison.OrdinalIgnoreCase) ? $"{bare}?transport=udp" : null;
        int differs = instead is not null && value.Length > 3 ? 3 : 0;
        if (instead?.StartsWith("turns", StringComparison.Ordinal) is true) differs = 0;
        return Error("url-transport", "the transport is udp or tcp; TLS is turns: over tcp", text, at + Key.Length + differs, instead);
    }

    private static string QueryOf(string text) => text.IndexOf('?') is >= 0 and var at ? text[at..] : "";

    private static string? HostOf(string rest)
    {
        string place = rest.Split('/', '?', '#')[0];
        place = place[(place.LastIndexOf('@') + 1)..].Split(':')[0];
        return place.Length == 0 ? null : place;
    }

    private static bool LooksLikePort(string text) => text.Length > 0 && char.IsAsciiDigit(text[0]);

    /// <summary>What stands before an @ may be a password: it becomes ***.</summary>
    /// <returns>Also where that begins, and how much shorter the text has become.</returns>
    private static (string Text, int From, int Until) BlankIn(string text)
    {
        int until = text.LastIndexOf('@');
        if (until < 0) return (text, text.Length, text.Length);
        int from = 0;
        foreach (string scheme in Schemes)
            if (text.StartsWith(scheme + ":", StringComparison.OrdinalIgnoreCase)) from = scheme.Length + 1;
        while (from < until && text[from] == '/') from++;
        return ($"{text[..from]}***{text[until..]}", from, until);
    }

    /// <summary>One letter too many, too few, wrong, or two swapped.</summary>
    private static bool IsNear(string word, string known)
    {
        if (Math.Abs(word.Length - known.Length) > 1 || word.Length < 3) return false;
        int same = 0, end = 0, shorter = Math.Min(word.Length, known.Length);
        while (same < shorter && word[same] == known[same]) same++;
        while (end < shorter - same && word[^(end + 1)] == known[^(end + 1)]) end++;
        return Math.Max(word.Length, known.Length) - same - end <= 2;
    }

    private static IceFinding Error(string code, string text, string url, int at, string? instead = null)
    {
        var (subject, from, until) = BlankIn(url);
        if (at > from) at = at < until ? from : at - until + from + 3;
        bool isOffered = instead is ['{', ..] && !instead.Contains('@') || instead?.EndsWith(Host, StringComparison.Ordinal) is true || instead is not null && IceServerUrl.TryParse(instead, out _, out _);
        return new(code, IceSeverity.Error, text, subject, at, isOffered ? instead : null); // else there is more than one fault
    }
}
