using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Thaw.IceServers;
using Thaw.Net;
using Thaw.Net.Addresses;
using Thaw.Net.Gathering;
using Thaw.Probes;
using Thaw.Protocol.Peer;
using Thaw.Voice.Agents;
using Thaw.Voice.Http;
using Thaw.Voice.Relaying;

namespace Thaw.Voice;

/// <summary>Everything <c>thaw serve</c> can be told. The defaults are a talking page on this machine only.</summary>
public sealed record VoiceServerOptions
{
    /// <summary>HTTP port; 0 takes a free one.</summary>
    public int Port { get; init; } = 7860;

    /// <summary><c>localhost</c>, or an address of this machine; <c>0.0.0.0</c> and <c>::</c> mean all of them.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>Makes the HTTP port HTTPS. Asked at every handshake, so that a renewed certificate takes effect at once. Null: no TLS.</summary>
    public Func<SslStreamCertificateContext>? Certificate { get; init; }

    /// <summary>The one UDP port that all media uses.</summary>
    public int UdpPort { get; init; } = 7860;

    /// <summary>
    /// The one TCP port for media of clients whose network blocks UDP; null for none, 0 for the UDP port's number where that
    /// is free. It may be the HTTP port too.
    /// </summary>
    public int? TcpPort { get; init; } = 0;

    /// <summary>The addresses that media uses and answers name; null for every address of this machine.</summary>
    public IReadOnlyList<IPAddress>? UdpAddresses { get; init; }

    /// <summary>Addresses that clients know this machine by although no interface has them: 1:1 NAT, published ports.</summary>
    public IReadOnlyList<PublicAddress> PublicAddresses { get; init; } = [];

    /// <summary>Which interfaces' addresses media uses; not asked where <see cref="UdpAddresses"/> says it.</summary>
    public InterfaceFilter Interfaces { get; init; } = new();

    /// <summary>STUN and TURN servers for both ends of a call, by which each finds more addresses of its own.</summary>
    public IReadOnlyList<IceServer> IceServers { get; init; } = [];

    /// <summary>Where more of them come from; the best first, after <see cref="IceServers"/>.</summary>
    public IReadOnlyList<IIceServerSource> IceSources { get; init; } = [];

    /// <summary>The TURN server inside, for clients whose network lets nothing else through; null for none.</summary>
    public EmbeddedRelayOptions? Relay { get; init; } = new();

    /// <summary>What <c>/api/ice-servers</c> advises pages: to use relays only, where there is one.</summary>
    public bool RelayOnly { get; init; }

    /// <summary>How long the credentials are asked for that clients and this server get.</summary>
    public TimeSpan IceLifetime { get; init; } = new IceServerPoolOptions().Lifetime;

    /// <summary>Each ICE server is used once at the start, and when they change. Off: only when an operator asks for it.</summary>
    public bool ProbesIceServers { get; init; } = true;

    /// <summary>What an operator sends as a Bearer token; empty: who calls from this machine is one.</summary>
    public string MetricsToken { get; init; } = "";

    /// <summary>Certificates to trust besides the system's, of TURN servers over TLS.</summary>
    public X509Certificate2Collection? TrustedCertificates { get; init; }

    /// <summary>Called once per call.</summary>
    public Func<IVoiceAgent> Agent { get; init; } = static () => new EchoAgent();

    /// <summary>Null lets pages of any origin call; else exactly these.</summary>
    public IReadOnlyList<string>? AllowedOrigins { get; init; }

    /// <summary>Calls at a time; the next offer is told to try again.</summary>
    public int MaxSessions { get; init; } = 100;

    public CallLimits Limits { get; init; } = new();

    /// <summary>How long each stage of a connect may take, from the offer to the agent.</summary>
    public ConnectBudget Budget { get; init; } = new();

    /// <summary>One call to itself before it serves; without it the first caller waits for the compiler, 0.1 s and more.</summary>
    public bool Rehearse { get; init; } = true;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where log lines go; none without it.</summary>
    public Action<ILoggingBuilder> Logging { get; init; } = static _ => { };

    /// <summary>Tests have a script in its place.</summary>
    internal Func<IReadOnlyList<ProbeTarget>, ProbeOptions, CancellationToken, Task<IceReport>> IceProber { get; init; }
        = static (targets, options, cancel) => IceProbe.RunAsync(targets, options, null, cancel);

    /// <summary>The part of it that is about sockets and addresses.</summary>
    public PeerHostOptions Network => new()
    {
        UdpPort = UdpPort,
        TcpPort = TcpPort,
        SharesTcp = address => PortSharing.Covers(this, address),
        Addresses = UdpAddresses,
        Announce = PublicAddresses,
        Interfaces = Interfaces,
        IceServers = IceServers,
        IceServersFollow = IceSources is not [],
        TrustedCertificates = TrustedCertificates,
    };
}

/// <summary>Every bound that keeps a call from waiting for ever. "Row" is a row of the table in docs/rfc/voice.md.</summary>
public sealed record CallLimits
{
    /// <summary>The body of a request that is not here by then gets a 503.</summary>
    public TimeSpan Body { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The restart, counted since the last complete connection, that gets a final refusal (row 8). Chromium takes 20 s per
    /// attempt: a person learns why after 40 s.
    /// </summary>
    public int RestartsWithoutSuccess { get; init; } = 2;

    /// <summary>
    /// Refuses the first restart already where another attempt cannot do better: nothing at all came from the client, and
    /// it calls from the same address as before. A person then learns why after 20 s.
    /// </summary>
    public bool RefuseConclusive { get; init; } = true;

    /// <summary>How long a call whose path failed waits for the client's restart: its own timers take up to 20 s.</summary>
    public TimeSpan AwaitRestart { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a superseded connection may serve while its successor comes up.</summary>
    public TimeSpan Superseded { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Candidates with an unknown username fragment are kept this long for the offer that has it.</summary>
    public TimeSpan EarlyCandidates { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A message that the agent has not dealt with by then is refused in its name, and so is every other until it has.</summary>
    public TimeSpan AgentReply { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>No path and no ping for this long: nobody is there.</summary>
    public TimeSpan Stale { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From <c>peerLeft</c> to closing, so that it gets out.</summary>
    public TimeSpan Farewell { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>A session from <c>/start</c> lives this long without a call.</summary>
    public TimeSpan Session { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Offers and starts per second and client address, and a quarter of its candidate posts; bursts may be twice that.</summary>
    public int OffersPerSecond { get; init; } = 50;

    /// <summary>Bytes of a request body; Chrome's offers have 10 kB.</summary>
    public int RequestBody { get; init; } = 256 * 1024;

    /// <summary>Bytes of a <c>/start</c> body: it is kept until the session's call comes, or expires.</summary>
    public int StartBody { get; init; } = 64 * 1024;
}
