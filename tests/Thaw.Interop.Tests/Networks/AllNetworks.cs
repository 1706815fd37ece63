namespace Thaw.Interop.Tests.Networks;

/// <summary>All of them, in the order of the table.</summary>
internal static class AllNetworks
{
    /// <summary>Nothing is in the way: a person notices no wait.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(5);

    /// <summary>Packets are lost or slow: some are sent again.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>Where nothing can work, the reason is there by then: the server's, for which the page asks.</summary>
    private static readonly TimeSpan Named = TimeSpan.FromSeconds(15);

    private const string NoUdp = "meta l4proto udp drop";

    // Without signalling there is no call to speak of.
    private static readonly string Signalling = $"ct state established accept\nip daddr {Lab.ServerAddress} tcp dport {Lab.HttpPort} accept";

    private const string Only443 = "ct state established accept\ntcp dport 443 accept\ndrop";

    // The magic cookie of STUN, behind a TCP header with time stamps and behind one without.
    private const string NoPlainTurn = "tcp dport 443 @th,288,32 0x2112a442 drop\ntcp dport 443 @th,192,32 0x2112a442 drop";

    private static readonly string Stun = $"stun:{Lab.RelayAddress}:{Coturn.Port}", StunServer = $"[{{ urls: '{Stun}' }}]";

    private static readonly string TurnUdp = $"turn:{Lab.RelayAddress}:{Coturn.Port}?transport=udp", TurnTcp = $"turn:{Lab.RelayAddress}:{Coturn.Port}?transport=tcp",
        TurnTls = $"turns:{Lab.RelayAddress}:{Coturn.TlsPort}?transport=tcp";

    private static readonly string TurnByTcp = Turn(TurnTcp);

    public static readonly Network[] Direct =
    [
        new("Both have public addresses", "host-host udp", AtOnce) { Client = Nat.None },
        new("Client behind a home router (port-restricted NAT)", "prflx-host udp", AtOnce),
        new("Client behind a symmetric NAT", "prflx-host udp", AtOnce) { Client = Nat.Symmetric },
        new("Server behind 1:1 NAT, announced with --public-ip", "prflx-host udp", AtOnce) { Server = Nat.OneToOne, Serve = ["--public-ip", Lab.ServerAddress] },
        new("The client's STUN server is silent", "prflx-host udp", AtOnce) { IceServers = $"[{{ urls: 'stun:{Lab.BlackHole}:3478' }}]" },
        new("All of the client's STUN and TURN servers are silent", "prflx-host udp", AtOnce)
        {
            IceServers = Turn($"stun:{Lab.BlackHole}:3478", $"turn:{Lab.BlackHole}:3478?transport=udp", $"turn:{Lab.BlackHole}:3478?transport=tcp", $"turns:{Lab.BlackHole}:443?transport=tcp"),
        },
        new("The server's STUN and TURN servers are silent", "prflx-host udp", AtOnce)
        {
            Serve = ["--ice-servers", $"stun:{Lab.BlackHole}:3478", Json($"turn:{Lab.BlackHole}:3478?transport=udp", $"turns:{Lab.BlackHole}:443?transport=tcp")],
        },
        new("Both behind home routers, both with STUN", "srflx-srflx udp", AtOnce) { Server = Nat.PortRestricted, Serve = ["--ice-servers", Stun], IceServers = StunServer, Relay = true },
    ];

    public static readonly Network[] WithoutUdp =
    [
        new("Client without UDP", "prflx-host tcp", AtOnce) { Home = NoUdp },
        new("The same with a client without UDP", "prflx-host tcp", AtOnce) { Server = Nat.OneToOne, Serve = ["--public-ip", Lab.ServerAddress], Home = NoUdp },
        new("The server's UDP port is closed", "prflx-host tcp", AtOnce) { Site = NoUdp },
        new("Client with nothing but port 443 by TCP, media there too", "prflx-host tcp", AtOnce) { Home = Only443, Serve = ["--tcp-port", "443"] },
        new("Client without UDP, only its relay reachable by TCP", "relay-host tcp", AtOnce)
        {
            Home = $"{Signalling}\nip daddr {Lab.RelayAddress} tcp dport {Coturn.Port} accept\ndrop", IceServers = TurnByTcp, Relay = true,
        },
        new("Client with nothing but port 443 by TCP, relay by TLS", "relay-host tls", AtOnce)
        {
            Home = Only443, IceServers = Turn(TurnTls), Relay = true,
        },
    ];

    public static readonly Network[] Relayed =
    [
        new("Both behind symmetric NATs, the client with a relay, the server with STUN", "relay-prflx udp", AtOnce)
        {
            Client = Nat.Symmetric, Server = Nat.Symmetric, Serve = ["--ice-servers", Stun], IceServers = Turn(TurnUdp), Relay = true,
        },
        new("Both behind symmetric NATs, the server with a relay, the client with STUN", "prflx-relay udp", AtOnce)
        {
            Client = Nat.Symmetric, Server = Nat.Symmetric, Serve = ["--ice-servers", Json(TurnUdp)], IceServers = StunServer, Relay = true,
        },
        // The relay lets in whom the server named to it (RFC 8656 §9): the address that the offer came from.
        new("Both behind symmetric NATs, the server with a relay, the client not even with STUN", "prflx-relay udp", AtOnce)
        {
            Client = Nat.Symmetric, Server = Nat.Symmetric, Serve = ["--ice-servers", Json(TurnUdp)], Relay = true,
        },
        new("Server without UDP and TCP from outside, its relay by TCP", "srflx-relay udp", AtOnce)
        {
            Server = Nat.Symmetric, Site = NoUdp, Serve = ["--ice-servers", Json(TurnTcp)], IceServers = StunServer, Relay = true,
        },
        new("Neither has UDP, each has a relay: by TCP here, by TLS there", "relay-relay tcp", AtOnce)
        {
            Client = Nat.Symmetric, Server = Nat.Symmetric, Home = NoUdp, Site = NoUdp, Serve = ["--ice-servers", Json(TurnTls), "--ice-ca", Coturn.Certificate], IceServers = TurnByTcp, Relay = true,
        },
    ];

    // Nothing is configured but where the server is; it has a relay of its own and tells the page of it.
    public static readonly Network[] Embedded =
    [
        new("Only the server's own relay reachable, by UDP", "relay-host udp", AtOnce)
        {
            Home = $"{Signalling}\nip daddr {Lab.ServerAddress} udp dport 3478 accept\ndrop", IceServers = null,
        },
        new("Only the page's port reachable, its relay there too", "relay-host tcp", AtOnce) { Home = Only443, IceServers = null },
        new("The same over HTTPS, where all must be TLS", "relay-host tls", AtOnce) { Home = $"{NoPlainTurn}\n{Only443}", IceServers = null, Https = true },
        new("Server behind 1:1 NAT that is not announced, with its own relay", "relay-host udp", AtOnce)
        {
            Server = Nat.OneToOne, Client = Nat.Symmetric, IceServers = null,
        },
    ];

    public static readonly Network[] BadLines =
    [
        new("5 % of all packets lost, both ways", "prflx-host udp", Soon) { Internet = Loss(5) },
        new("20 % of all packets lost, both ways", "prflx-host udp", Soon) { Internet = Loss(20) },
        new("150 ms of delay each way", "prflx-host udp", Soon) { Delay = TimeSpan.FromMilliseconds(150) },
    ];

    public static readonly Network[] Blocked =
    [
        new("The server's UDP port is closed, and there is no TCP", "ice-failed", Named) { Site = NoUdp, Serve = ["--tcp-port", "off"] },
        new("Client without UDP, and there is neither TCP nor a relay", "ice-failed", Named) { Home = $"{Signalling}\ndrop" },
        new("Server behind 1:1 NAT that is not announced", "ice-failed", Named) { Server = Nat.OneToOne, Client = Nat.Symmetric },
        new("Both behind symmetric NATs, both with STUN, no relay", "ice-failed", Named)
        {
            Client = Nat.Symmetric, Server = Nat.Symmetric, Serve = ["--ice-servers", Stun], IceServers = StunServer, Relay = true,
        },
        // RFC 7983 §7: 20 to 63 are DTLS. The first byte after the UDP header.
        new("Something on the way drops DTLS", "dtls-failed", Named) { Internet = "meta l4proto udp @th,64,8 20-63 drop" },
    ];

    public static IEnumerable<Network> All => [.. Direct, .. WithoutUdp, .. Relayed, .. Embedded, .. BadLines, .. Blocked];

    private static string Loss(int percent) => $"numgen random mod 100 < {percent} drop";

    // As thaw serve takes them.
    private static string Json(params string[] urls)
        => $$"""{"urls": ["{{string.Join("\", \"", urls)}}"], "username": "{{Coturn.Username}}", "credential": "{{Coturn.Password}}"}""";

    // As the page takes them.
    private static string Turn(params string[] urls)
        => $"[{string.Join(", ", urls.Select(url => $"{{ urls: '{url}', username: '{Coturn.Username}', credential: '{Coturn.Password}' }}"))}]";
}
