using static Thaw.Tests.World.Dependence;

namespace Thaw.Tests.World;

/// <summary>
/// Which pairs of networks have a path, reasoned from RFC 4787's definitions alone (docs/rfc/nat-table.md has the proof).
/// Both sides know their server-reflexive addresses, and neither guesses ports.
/// </summary>
internal static class NatTheory
{
    /// <summary>UDP before a relay before TCP; but a relay that is itself reached over TCP comes last.</summary>
    public static Path BestPath(Site a, Site b)
    {
        if (HasUdpPath(a.Nat, b.Nat)) return Path.Udp;
        bool isTcp = HasTcpPath(a, b) || HasTcpPath(b, a), isRelay = HasRelayedPath(a, b);
        return isTcp && isRelay ? (a.Nat.HasUdp && b.Nat.HasUdp ? Path.Relay : Path.Tcp) : isTcp ? Path.Tcp : isRelay ? Path.Relay : Path.None;
    }

    public static bool HasUdpPath(NatKind a, NatKind b)
    {
        if (!a.HasUdp || !b.HasUdp) return false;
        return (a.Mapping is EndpointIndependent, b.Mapping is EndpointIndependent) switch
        {
            (true, true) => true,
            (true, false) => LetsStrangerPortsIn(a),
            (false, true) => LetsStrangerPortsIn(b),
            _ => HasStablePath(a, b) && (LetsAnyoneIn(a) && LetsStrangerPortsIn(b) || LetsAnyoneIn(b) && LetsStrangerPortsIn(a)),
        };
    }

    /// <summary>A relay is reached over TCP where need be; the other side must reach the relay, with UDP or by its own.</summary>
    public static bool HasRelayedPath(Site a, Site b)
        => (a.HasRelay && (b.Nat.HasUdp || b.HasRelay)) || (b.HasRelay && (a.Nat.HasUdp || a.HasRelay));

    private static bool HasTcpPath(Site server, Site client) => server.ListensOnTcp && server.Nat == NatKind.Public && client.DialsTcp;

    // The known address: what comes to it from a port that it was never sent to.
    private static bool LetsStrangerPortsIn(NatKind kind) => kind.Filtering is not AddressAndPortDependent;

    // What comes to the address that only the STUN server was written from.
    private static bool LetsAnyoneIn(NatKind kind) => kind.Filtering is EndpointIndependent;

    // Where both map by port, each answer leaves from an address that the other has not written to yet, for ever.
    private static bool HasStablePath(NatKind a, NatKind b) => a.Mapping is AddressDependent || b.Mapping is AddressDependent;
}
