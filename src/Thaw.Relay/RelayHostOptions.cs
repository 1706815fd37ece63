using System.Net;
using System.Security.Cryptography.X509Certificates;
using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Relay;

/// <summary>What a relay listens at and how it serves.</summary>
public sealed record RelayHostOptions
{
    /// <summary>Local addresses of the listeners; all of this machine without any.</summary>
    public IReadOnlyList<IPAddress> Listen { get; init; } = [];

    /// <summary>UDP and TCP; 0 takes a free one.</summary>
    public ushort Port { get; init; } = 3478; // RFC 8656 §17: the port of turn:

    public bool ListensOnTcp { get; init; } = true;

    /// <summary>TLS over TCP. Needs a <see cref="Certificate"/>; 0 takes a free one.</summary>
    public ushort TlsPort { get; init; } = 5349;

    /// <summary>Asked at every handshake, so that a renewed certificate takes effect at once. Null: no TLS, no DTLS.</summary>
    public Func<X509Certificate2>? Certificate { get; init; }

    /// <summary>What is shown behind that certificate, leaf's issuer first; null: what the system finds, for DTLS nothing.</summary>
    public Func<X509Certificate2Collection>? Intermediates { get; init; }

    /// <summary>DTLS at the UDP port of the TLS port's number, where there is a certificate.</summary>
    public bool ListensOnDtls { get; init; } = true;

    /// <summary>DTLS sessions of all clients together, of which each takes some 30 KB.</summary>
    public int MaxDtlsSessions { get; init; } = 10_000;

    /// <summary>
    /// NAT behaviour discovery (RFC 5780) from this port beside <see cref="Port"/>, at the first two addresses of a family that
    /// are listened at; 0 takes a free one. Null: none.
    /// </summary>
    public ushort? BehaviourPort { get; init; }

    /// <summary>The rest. Its relay addresses, if it has none, become the first of each family that is listened at.</summary>
    public TurnServerOptions Server { get; init; } = new();

    /// <summary>Public addresses that a 1:1 NAT maps to ours, at most one of each family: what clients are told.</summary>
    public IReadOnlyList<IPAddress> ExternalAddresses { get; init; } = [];

    /// <summary>Threads, each with its own part of the clients; 0: one for each processor, where the system spreads clients.</summary>
    public int Loops { get; init; }

    /// <summary>Without the fast sockets of Linux.</summary>
    public bool IsPortable { get; init; }

    /// <summary>
    /// How long small packets may wait for company, on Linux: just so long that two or three come together, so it begins at
    /// 2.5 packets in this time (25 000 a second) and ends where they come together by themselves. Zero: never.
    /// </summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>
    /// Clients hear of ICMP messages that their packets draw (RFC 8656 §11.5), on Linux. No browser looks at them, and each
    /// costs a call of the system that fails and is repeated.
    /// </summary>
    public bool ReportsIcmp { get; init; }

    /// <summary>Streams of all clients together.</summary>
    public int MaxStreams { get; init; } = 10_000;

    public StreamDeadlines StreamDeadlines { get; init; } = new();

    /// <summary>Hears all that the servers notice, on their threads: it must not wait.</summary>
    public Action<Observation>? Observed { get; init; }
}

/// <summary>How long a client over TCP, TLS or DTLS may take for what; whoever takes longer is cut off.</summary>
public sealed record StreamDeadlines
{
    /// <summary>The TLS or DTLS handshake.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first message of a stream, or the head of an HTTP request; then to take the answer to that.</summary>
    public TimeSpan FirstMessage { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Being there without an allocation, before one or after.</summary>
    public TimeSpan Unused { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Of two joined streams (RFC 6062): the second to end, once the first has.</summary>
    public TimeSpan Farewell { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Taking what was sent to it.</summary>
    public TimeSpan Write { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>The relay cannot start; the message says what to do about it.</summary>
public sealed class RelayHostException(string message, Exception? inner = null) : Exception(message, inner);
