using Thaw.Net.Gathering;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;

namespace Thaw.IceServers;

/// <summary>
/// The short list for a browser: one STUN server, and one relay by UDP, TCP and TLS. A browser asks every URL from every
/// interface, Firefox warns at five of them, and gathering takes as long as the slowest; one bad URL makes it refuse all.
/// </summary>
internal static class BrowserServers
{
    private const ushort DnsPort = 53; // blocked by browsers
    private static readonly ushort[] UdpPorts = [3478, 443, 80], TcpPorts = [443, 80, 3478], TlsPorts = [443, 5349];

    public static IceServerSet Choose(IReadOnlyList<IceServerGrant> ranked)
    {
        Offer[] offers = [.. ranked.SelectMany(Offers)];
        var stun = offers.FirstOrDefault(o => o.Url is { Kind: GatheringKind.Stun, Tls: false });
        var relay = Relay(offers, ranked);
        Offer[] ways = relay is null ? [] : [.. new[] { Best(relay, false, TransportProtocol.Udp, UdpPorts), Best(relay, false, TransportProtocol.Tcp, TcpPorts), Best(relay, true, TransportProtocol.Tcp, TlsPorts) }.OfType<Offer>()];

        var servers = new List<IceServer>();
        if (stun is not null) servers.Add(new IceServer([stun.Text]));
        if (ways is [var first, ..]) servers.Add(new IceServer([.. ways.Select(w => w.Text)], first.Server.Username, first.Server.Credential));
        return new IceServerSet(servers, ways is [] ? null : ways.Min(w => w.ExpiresAt));
    }

    /// <summary>Of the first source that has any, the host with the most ways in: the first of equals.</summary>
    private static Offer[]? Relay(Offer[] offers, IReadOnlyList<IceServerGrant> ranked)
    {
        Offer[] relays = [.. offers.Where(o => o.Url.Kind is GatheringKind.Turn && !(o.Url.Tls && o.Url.Transport is TransportProtocol.Udp))];
        if (relays is not [{ Rank: var rank }, ..]) return null;
        return [.. relays.Where(o => o.Rank == rank)
            .GroupBy(o => (ranked[rank].IsOneRelay ? "" : o.Url.Host.ToLowerInvariant(), o.Server.Username, o.Server.Credential))
            .OrderByDescending(host => host.Select(o => (o.Url.Tls, o.Url.Transport)).Distinct().Count()) // a stable sort
            .First()];
    }

    private static Offer? Best(Offer[] host, bool tls, TransportProtocol transport, ushort[] ports) => host
        .Where(o => o.Url.Tls == tls && o.Url.Transport == transport)
        .OrderBy(o => Array.IndexOf(ports, o.Url.Port) is >= 0 and var place ? place : ports.Length)
        .FirstOrDefault();

    private static IEnumerable<Offer> Offers(IceServerGrant grant, int rank)
        => from server in grant.Servers
           from text in server.Urls
           let url = IceServerUrl.TryParse(text, out var parsed, out _) ? parsed : null
           where url is not null && url.Port != DnsPort
           where url.Kind is GatheringKind.Stun || server is { Username.Length: > 0, Credential.Length: > 0 }
           select new Offer(rank, server, url, Write(url), url.Kind is GatheringKind.Stun ? null : grant.ExpiresAt);

    /// <summary>In full, so that no client has to know the defaults.</summary>
    private static string Write(IceServerUrl url)
    {
        string host = url.Host.Contains(':') ? $"[{url.Host}]" : url.Host, scheme = (url.Kind, url.Tls) switch
        {
            (GatheringKind.Stun, _) => "stun",
            (_, true) => "turns",
            _ => "turn",
        };
        string transport = url.Kind is GatheringKind.Stun ? "" : url.Transport is TransportProtocol.Udp ? "?transport=udp" : "?transport=tcp";
        return $"{scheme}:{host}:{url.Port}{transport}";
    }

    private sealed record Offer(int Rank, IceServer Server, IceServerUrl Url, string Text, DateTimeOffset? ExpiresAt);
}
