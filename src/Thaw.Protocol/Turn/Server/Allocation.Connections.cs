namespace Thaw.Protocol.Turn;

public sealed partial class Allocation
{
    private static readonly List<RelayedConnection> None = [];

    private List<RelayedConnection>? _connections;

    /// <summary>What it relays: UDP, or TCP connections (RFC 6062).</summary>
    public TransportProtocol Protocol { get; internal init; }

    public int ConnectionCount => Connections.Count;

    internal List<RelayedConnection> Connections => _connections ?? None;

    /// <summary>Where its client presented the ticket and has sent no data from yet (RFC 8016 §3.2).</summary>
    internal FiveTuple? Pending { get; set; }

    /// <summary>0: it is not mobile.</summary>
    internal UInt128 Ticket { get; set; }

    /// <summary>Good until the client has arrived: the answer with the new one may have been lost.</summary>
    internal UInt128 PreviousTicket { get; set; }

    /// <summary>Its five-tuple is not the one that it began with.</summary>
    internal bool HasMoved { get; set; }

    /// <summary>The next ICMP message is passed on no earlier.</summary>
    internal Instant NextIcmp { get; set; }

    internal void Add(RelayedConnection connection) => (_connections ??= []).Add(connection);

    internal RelayedConnection? FindConnection(TransportAddress peer)
    {
        foreach (var connection in Connections)
            if (connection.Peer == peer) return connection;
        return null;
    }
}
