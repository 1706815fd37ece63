namespace Thaw.Interop.Tests.Networks;

/// <summary>What a router does to the one machine behind it (RFC 4787's words in docs/guides/networks-we-connect-through.md).</summary>
public enum Nat
{
    /// <summary>Nothing: the machine has a public address.</summary>
    None,

    /// <summary>A private address, and a public one that stands for it, as cloud machines have.</summary>
    OneToOne,

    /// <summary>Keeps the port, lets in answers only: most homes.</summary>
    PortRestricted,

    /// <summary>Another random port for each destination, lets in answers only: many companies and mobile networks.</summary>
    Symmetric,
}

/// <summary>
/// A small internet of real network namespaces: <c>client - home - internet - site - server</c>. Home and site are routers, the
/// internet has STUN and TURN's addresses and some where nobody answers. Addresses are RFC 5737's, inside RFC 1918's.
/// </summary>
internal sealed class Lab : IAsyncDisposable
{
    /// <summary>As the internet sees them, whatever the routers do.</summary>
    public const string ClientAddress = "198.51.100.130", ServerAddress = "203.0.113.130";

    public const string RelayAddress = "192.0.2.10", SecondAddress = "192.0.2.11";

    /// <summary>One of the many where nobody is: what goes there vanishes.</summary>
    public const string BlackHole = "192.0.2.66";

    public const int HttpPort = 443, UdpPort = 7860;

    private const string PrivateClient = "10.1.0.2", PrivateServer = "10.2.0.2";

    private readonly List<NetworkNamespace> _made = [];
    private readonly Wire? _wire;

    private Lab(List<NetworkNamespace> made, Wire? wire)
    {
        (_made, _wire) = (made, wire);
        (Client, Home, Internet, Site, Server) = (made[0], made[1], made[2], made[3], made[4]);
    }

    public NetworkNamespace Client { get; }

    public NetworkNamespace Home { get; }

    public NetworkNamespace Internet { get; }

    public NetworkNamespace Site { get; }

    public NetworkNamespace Server { get; }

    /// <param name="delay">Between home and internet, each way.</param>
    public static async Task<Lab> BuildAsync(Nat client = Nat.PortRestricted, Nat server = Nat.None, TimeSpan delay = default)
    {
        var made = new List<NetworkNamespace>();
        Wire? wire = null;
        try
        {
            foreach (string role in (string[])["client", "home", "internet", "site", "server"]) made.Add(await NetworkNamespace.CreateEmptyAsync(role));
            if (delay > TimeSpan.Zero) wire = await Wire.LayAsync(made[1], "wan", made[2], "home", delay);
            var lab = new Lab(made, wire);
            await lab.ConnectAsync();
            await lab.RouteAsync(client, server);
            return lab;
        }
        catch
        {
            if (wire is not null) await wire.DisposeAsync();
            foreach (var network in made) await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Rules (nft's) for what a router passes on; they replace those before. Empty passes everything.</summary>
    public static Task FilterAsync(NetworkNamespace router, string rules)
        => router.FilterAsync("lab", $"chain forward {{ type filter hook forward priority 10; policy accept;\n{rules}\n}}");

    public async ValueTask DisposeAsync()
    {
        if (_wire is not null) await _wire.DisposeAsync();
        foreach (var network in _made) await network.DisposeAsync();
    }

    private async Task ConnectAsync()
    {
        await Client.ConnectAsync("eth0", Home, "lan");
        if (_wire is null) await Home.ConnectAsync("wan", Internet, "home");
        await Internet.ConnectAsync("site", Site, "wan");
        await Site.ConnectAsync("lan", Server, "eth0");
    }

    private async Task RouteAsync(Nat client, Nat server)
    {
        string clientInside = client is Nat.None ? ClientAddress : PrivateClient, clientGateway = client is Nat.None ? "198.51.100.129" : "10.1.0.1";
        string serverInside = server is Nat.None ? ServerAddress : PrivateServer, serverGateway = server is Nat.None ? "203.0.113.129" : "10.2.0.1";
        await EndAsync(Client, clientInside, clientGateway);
        await EndAsync(Server, serverInside, serverGateway);
        await RouterAsync(Home, "198.51.100.2", "198.51.100.1", clientGateway, ClientAddress, clientInside, client, "");
        // Signalling always arrives: the question is what media does.
        await RouterAsync(Site, "203.0.113.2", "203.0.113.1", serverGateway, ServerAddress, serverInside, server, $"ip daddr {ServerAddress} tcp dport {HttpPort} dnat to {serverInside}");
        await Internet.ForwardAsync();
        // What has no place to go vanishes, as on the real one. Without a route coturn ends the allocation that sends there.
        await Internet.ConfigureAsync($"""
            addr add {RelayAddress}/32 dev lo
            addr add {SecondAddress}/32 dev lo
            addr add 198.51.100.1/25 dev home
            addr add 203.0.113.1/25 dev site
            link set home addrgenmode none
            link set site addrgenmode none
            link set home up
            link set site up
            route add {ClientAddress}/32 via 198.51.100.2
            route add {ServerAddress}/32 via 203.0.113.2
            link add void type veth peer name abyss
            link set void arp off
            link set void up
            link set abyss up
            route add default dev void
            """);
    }

    private static Task EndAsync(NetworkNamespace end, string address, string gateway) => end.ConfigureAsync($"""
        addr add {address}/25 dev eth0
        link set eth0 addrgenmode none
        link set eth0 up
        route add default via {gateway}
        """);

    private static async Task RouterAsync(NetworkNamespace router, string address, string gateway, string inner, string outside, string inside, Nat nat, string forwarded)
    {
        await router.ForwardAsync();
        await router.ConfigureAsync($"""
            addr add {address}/25 dev wan
            addr add {inner}/25 dev lan
            link set wan addrgenmode none
            link set lan addrgenmode none
            link set wan up
            link set lan up
            route add default via {gateway}
            """);
        if (nat is Nat.None) return;

        await router.ConfigureAsync($"addr add {outside}/32 dev wan");
        string incoming = nat is Nat.OneToOne ? $"ip daddr {outside} dnat to {inside}" : forwarded;
        string flags = nat is Nat.Symmetric ? " fully-random" : "";
        // Dropped before it is tracked for good: a stranger's packet must not take the port that the client's mapping keeps.
        await router.FilterAsync("nat", $$"""
            chain incoming { type nat hook prerouting priority dstnat; policy accept;
            {{incoming}}
            }
            chain outgoing { type nat hook postrouting priority srcnat; policy accept;
            oifname "wan" ip saddr {{inside}} snat to {{outside}}{{flags}}
            }
            chain strangers { type filter hook input priority filter; policy accept;
            iifname "wan" ip daddr {{outside}} drop
            }
            """);
    }
}
