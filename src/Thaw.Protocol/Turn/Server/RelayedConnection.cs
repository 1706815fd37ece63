using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>A TCP connection between a relayed address and a peer, and later the client's half of it (RFC 6062 §3).</summary>
public sealed class RelayedConnection
{
    /// <summary>For the peer to take the connection (RFC 6062 §5.2: at least so long).</summary>
    public static readonly TimeSpan DialLimit = TimeSpan.FromSeconds(30);

    /// <summary>For the client to join it, once it is there (RFC 6062 §5.2, §5.3).</summary>
    public static readonly TimeSpan UnboundLimit = TimeSpan.FromSeconds(30);

    internal RelayedConnection(uint id, Allocation allocation, RelayedTransportAddress relayed, TransportAddress peer)
    {
        (Id, Allocation, Relayed, Peer) = (id, allocation, relayed, peer);
    }

    /// <summary>CONNECTION-ID (RFC 6062 §6.2.1). Its first byte is the server's shard.</summary>
    public uint Id { get; }

    /// <summary>The end on our side: what the host dials from, or took the connection at.</summary>
    public RelayedTransportAddress Relayed { get; }

    /// <summary>As clients name it.</summary>
    public TransportAddress Peer { get; }

    /// <summary>What the host dials: another than <see cref="Peer"/> where that is our own public address.</summary>
    public TransportAddress PeerFromHere { get; internal init; }

    internal Allocation Allocation { get; }

    internal ConnectionState State { get; set; }

    /// <summary>Of being dialled, then of being bound to.</summary>
    internal Instant Deadline { get; set; }

    /// <summary>The Connect that awaits its answer; of an accepted connection, nothing.</summary>
    internal TransactionId Transaction { get; init; }
    internal bool WantsFingerprint { get; init; }
    internal bool WantsSha256 { get; init; }
}

internal enum ConnectionState { Dialling, Unbound, Bound, Closed }

/// <summary>What a TURN server asks of its host besides sending.</summary>
public abstract record TurnServerEvent
{
    private TurnServerEvent() { }

    /// <summary>Connect, from the relayed address; tell <see cref="TurnServer.Dialled"/> how it went.</summary>
    public sealed record Dial(RelayedConnection Connection) : TurnServerEvent;

    /// <summary>
    /// From now on the client's stream and the peer's are one: bytes as they come, both ways, beginning behind what was sent
    /// to the client so far. Tell <see cref="TurnServer.ConnectionEnded"/> when either is at its end.
    /// </summary>
    public sealed record Join(RelayedConnection Connection, FiveTuple DataClient) : TurnServerEvent;

    /// <summary>Stop dialling, or close both halves. The server has forgotten it.</summary>
    public sealed record Close(RelayedConnection Connection) : TurnServerEvent;

    /// <summary>A mobile client may be heard from here too; a host of several servers sees to it that this one hears it.</summary>
    public sealed record ClientMoves(FiveTuple To) : TurnServerEvent;

    /// <summary>That is over.</summary>
    public sealed record ClientLeft(FiveTuple From) : TurnServerEvent;
}
