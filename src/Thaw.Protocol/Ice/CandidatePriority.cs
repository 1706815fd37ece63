namespace Thaw.Protocol.Ice;

/// <summary>RFC 8445's two formulas.</summary>
public static class CandidatePriority
{
    private const int Component = 1;
    private const uint UdpRelayPreference = 2;    // RFC 8445 §5.1.2.2 recommends 0 for relayed: this leaves room below
    private const uint TcpPreference = 1;
    private const uint PassivePreference = 4;     // RFC 6544 §4.2
    private const uint MaxOtherPreference = 8191; // RFC 6544 §4.2: 13 bits

    // RFC 8445 §5.1.2.2; peer-reflexive above server-reflexive: §7.1.1.
    private static uint TypePreference(CandidateType type) => type switch
    {
        CandidateType.Host => 126,
        CandidateType.PeerReflexive => 110,
        CandidateType.ServerReflexive => 100,
        _ => 0,
    };

    /// <summary>RFC 8445 §5.1.2.1: type, then local preference, then component.</summary>
    public static uint Of(CandidateType type, ushort localPreference)
        => TypePreference(type) << 24 | (uint)localPreference << 8 | (256 - Component);

    /// <summary>
    /// A passive TCP candidate (RFC 6544 §4.2: direction preference 4, then 13 bits of its own). Its type preference puts it
    /// below everything that is UDP all the way, libwebrtc's UDP relays (2) included, and above detours over TCP (1, 0).
    /// </summary>
    /// <param name="rank">0 for the best of the host, at most 8191.</param>
    public static uint OfPassiveTcp(int rank)
        => TcpPreference << 24 | (PassivePreference << 13 | MaxOtherPreference - (uint)Math.Clamp(rank, 0, (int)MaxOtherPreference)) << 8 | (256 - Component);

    /// <summary>A relayed candidate, by how its data reaches the relay: UDP before passive TCP before TCP before TLS.</summary>
    /// <param name="rank">0 for the best of the host, at most 8191.</param>
    public static uint OfRelayed(RelayTransport transport, int rank)
    {
        uint preference = transport is RelayTransport.Udp ? UdpRelayPreference : 0u;
        uint local = (transport is RelayTransport.Tls ? 0u : 4u) << 13 | MaxOtherPreference - (uint)Math.Clamp(rank, 0, (int)MaxOtherPreference);
        return preference << 24 | local << 8 | (256 - Component);
    }

    /// <summary>The PRIORITY of a check: what the candidate would have, had the peer learned it from the check (RFC 8445 §7.1.1).</summary>
    public static uint AsPeerReflexive(uint priority, TransportProtocol protocol = TransportProtocol.Udp) => protocol is TransportProtocol.Tcp
        ? priority // or it would overtake UDP
        : TypePreference(CandidateType.PeerReflexive) << 24 | (priority & 0x00FF_FFFF);

    // RFC 8445 §6.1.2.3: 2^32*MIN(G,D) + 2*MAX(G,D) + (G>D?1:0), G being the controlling agent's.
    public static ulong OfPair(uint local, uint remote, IceRole role)
    {
        var (g, d) = role is IceRole.Controlling ? (local, remote) : (remote, local);
        return ((ulong)Math.Min(g, d) << 32) + 2UL * Math.Max(g, d) + (g > d ? 1UL : 0UL);
    }
}

/// <summary>How a relay's client talks to it.</summary>
public enum RelayTransport { Udp, Tcp, Tls }
