using System.Net;
using System.Security.Cryptography.X509Certificates;
using Thaw.Net.Addresses;
using Thaw.Net.Gathering;
using Thaw.Protocol;

namespace Thaw.Net;

/// <summary>Where a <see cref="PeerHost"/> listens and how much it holds.</summary>
public sealed record PeerHostOptions
{
    /// <summary>The one UDP port that serves every session; 0 takes a free one.</summary>
    public int UdpPort { get; init; } = 7860;

    /// <summary>
    /// The one TCP port for clients whose network blocks UDP (RFC 6544); null for none. 0 is the UDP port's number on those
    /// addresses where it is free, any other must be free on all.
    /// </summary>
    public int? TcpPort { get; init; }

    /// <summary>
    /// True for addresses on which another listener of this process has the TCP port and hands over connections by
    /// <see cref="PeerHost.AcceptStreamAsync"/>.
    /// </summary>
    public Func<IPAddress, bool> SharesTcp { get; init; } = static _ => false;

    /// <summary>TCP connections at a time, of which each IPv4 address and each IPv6 /64 may have the second number.</summary>
    public int MaxTcpStreams { get; init; } = 4096;

    public int MaxTcpStreamsPerPrefix { get; init; } = 256;

    /// <summary>Null: every usable address of every interface that is up, loopback included, followed as they change.</summary>
    public IReadOnlyList<IPAddress>? Addresses { get; init; }

    /// <summary>Which interfaces' addresses are used. Not asked for <see cref="Addresses"/>.</summary>
    public InterfaceFilter Interfaces { get; init; } = new();

    /// <summary>Addresses that the world knows this machine by although no interface has them; they are named first.</summary>
    public IReadOnlyList<PublicAddress> Announce { get; init; } = [];

    /// <summary>Ask the local network for the addresses that browsers hide behind <c>.local</c> names (mDNS).</summary>
    public bool ResolveLocalNames { get; init; } = true;

    /// <summary>STUN and TURN servers that tell us more addresses.</summary>
    public IReadOnlyList<IceServer> IceServers { get; init; } = [];

    /// <summary>More of them come by <see cref="PeerHost.SetIceServers"/>.</summary>
    public bool IceServersFollow { get; init; }

    /// <summary>Certificates to trust besides the system's, of TURN servers that are asked over TLS.</summary>
    public X509Certificate2Collection? TrustedCertificates { get; init; }

    /// <summary>Hears what the host itself notices: what came of its ICE servers. Called on a loop, which must not be blocked.</summary>
    public Action<Observation> Observed { get; init; } = static _ => { };

    /// <summary>Loops, each with a thread and a socket per address. 0: one per core, at most 8. Always 1 off Linux.</summary>
    public int Shards { get; init; }

    public bool EnableIPv6 { get; init; } = true;

    /// <summary>How many sends, posts and forwarded datagrams may wait for one session.</summary>
    public int QueueLength { get; init; } = 256;

    public int MaxSessions { get; init; } = 10_000;

    /// <summary>How often interfaces are looked at where the system does not announce a change.</summary>
    public TimeSpan AddressRefresh { get; init; } = TimeSpan.FromSeconds(5);
}
