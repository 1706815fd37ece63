using System.Globalization;
using Thaw.Net.Gathering;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.IceServers.Checking;

/// <summary>What is wrong with a list of servers, before anybody asks them.</summary>
public static class IceServerCheck
{
    private const int MostUrls = 4; // Firefox warns of slow discovery at five; each of them is asked from each interface
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(5);

    /// <param name="now">By our clock; it must be right within minutes for the sake of names that carry their expiry.</param>
    public static IReadOnlyList<IceFinding> Of(IReadOnlyList<IceServer> servers, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(servers);
        var findings = new List<IceFinding>();
        foreach (var server in servers)
        {
            foreach (string url in server.Urls) findings.AddRange(IceUrlCheck.Of(url));
            findings.AddRange(OfCredential(server, now));
        }

        IceServerUrl[] relays = [.. servers.SelectMany(s => s.Urls).Select(UrlOf).OfType<IceServerUrl>().Where(url => url.Kind is GatheringKind.Turn)];
        if (relays.Length > 0 && Array.TrueForAll(relays, url => url.Transport is TransportProtocol.Udp))
            findings.Add(Warn("relay-udp-only", "every relay is asked over UDP: networks that block UDP get none", relays[0] is { } first ? servers.SelectMany(s => s.Urls).First(u => UrlOf(u) == first) : "", -1,
                $"also turn:{HostOf(relays[0])}:443?transport=tcp or turns:{HostOf(relays[0])}:443?transport=tcp"));
        int count = servers.Sum(s => s.Urls.Count);
        if (count > MostUrls) findings.Add(Warn("many-urls", $"{count} URLs: browsers are given {MostUrls} of them, as more make gathering slow", "", -1));
        return findings;
    }

    private static IEnumerable<IceFinding> OfCredential(IceServer server, DateTimeOffset now)
    {
        string? relay = server.Urls.FirstOrDefault(url => url.StartsWith("turn", StringComparison.OrdinalIgnoreCase) && UrlOf(url) is not null);
        if (relay is null) yield break;

        const string Form = """{"urls": "turn:…", "username": "…", "credential": "…"}""";
        if (string.IsNullOrEmpty(server.Username) && string.IsNullOrEmpty(server.Credential))
            yield return Error("credential-missing", "a TURN server wants a username and a credential, both are missing: browsers refuse all servers for it", relay, Form);
        else if (string.IsNullOrEmpty(server.Username))
            yield return Error("username-missing", "a TURN server wants a username and a credential, the username is missing", relay, Form);
        else if (string.IsNullOrEmpty(server.Credential))
            yield return Error("credential-missing", "a TURN server wants a username and a credential, the credential is missing", relay, Form);
        else if (IsMinted(server.Username) && ExpiryOf(server.Credential) is not null)
            yield return Error("credential-swapped", "username and credential are swapped: the name is the one that begins with the time of expiry", relay);
        else if (OfExpiry(server.Username, relay, now) is { } expiry)
            yield return expiry;
    }

    // The TURN REST convention: the name is <expiry in seconds since 1970>[:<user>].
    private static IceFinding? OfExpiry(string username, string relay, DateTimeOffset now)
    {
        if (IsMilliseconds(username))
            return Error("expiry-in-milliseconds", "the time in the username is in milliseconds: relays read seconds, and a year in the far future", relay);
        if (ExpiryOf(username) is not { } expiresAt) return null;
        var left = expiresAt - now;
        if (left <= TimeSpan.Zero)
            return Error("credential-expired", $"the credential expired {Length(-left)} ago, if this machine's clock is right", relay);
        return left >= Soon ? null : Warn("credential-expires", $"the credential expires in {Length(left)}: a call that is longer loses its relay", relay, -1);
    }

    internal static DateTimeOffset? ExpiryOf(string username)
        => new TurnCredential(username, "").ExpiresAtUnixTime is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static bool IsMilliseconds(string username)
    {
        string first = username.Split(':')[0];
        return first.Length == 13 && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out long at) && at > 1_000_000_000_000;
    }

    // base64 of a SHA-1.
    private static bool IsMinted(string text) => text.Length == 28 && text[^1] == '=' && Convert.TryFromBase64String(text, new byte[21], out int length) && length == 20;

    private static string Length(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => $"{time.TotalDays:0} days",
        { TotalHours: >= 2 } => $"{time.TotalHours:0} hours",
        { TotalMinutes: >= 2 } => $"{time.TotalMinutes:0} minutes",
        _ => $"{Math.Ceiling(time.TotalSeconds):0} s",
    };

    private static IceServerUrl? UrlOf(string text) => IceServerUrl.TryParse(text, out var url, out _) ? url : null;

    private static string HostOf(IceServerUrl url) => url.Host.Contains(':') ? $"[{url.Host}]" : url.Host;

    private static IceFinding Error(string code, string text, string subject, string? instead = null) => new(code, IceSeverity.Error, text, subject, -1, instead);

    private static IceFinding Warn(string code, string text, string subject, int at, string? instead = null) => new(code, IceSeverity.Warning, text, subject, at, instead);
}
