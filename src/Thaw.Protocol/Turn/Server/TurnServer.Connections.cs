using System.Buffers.Binary;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>TCP relays (RFC 6062). The machine decides who may connect and when it is over; the host has the sockets.</summary>
public sealed partial class TurnServer
{
    private readonly Dictionary<uint, RelayedConnection> _connections = [];
    private readonly Queue<TurnServerEvent> _events = [];

    // Connections of which a client is to be told: several may run out at one instant, and one datagram waits at a time.
    private readonly Queue<(RelayedConnection Connection, Notice Notice)> _notices = [];

    private enum Notice { Connected, Failed, Attempted }

    /// <summary>TCP connections with peers that are dialled or open.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>A dial came to its end.</summary>
    public void Dialled(RelayedConnection connection, bool isConnected, Instant now)
    {
        if (connection.State is not ConnectionState.Dialling) return; // it was late, and the host has been told
        if (isConnected)
        {
            (connection.State, connection.Deadline) = (ConnectionState.Unbound, now + RelayedConnection.UnboundLimit);
            Schedule(connection.Allocation);
            _notices.Enqueue((connection, Notice.Connected));
        }
        else
        {
            Forget(connection);
            _notices.Enqueue((connection, Notice.Failed));
        }
    }

    /// <summary>A peer connected to a relayed address (RFC 6062 §5.3).</summary>
    /// <returns>Null: the host closes it at once.</returns>
    public RelayedConnection? Accept(RelayedTransportAddress relayed, TransportAddress peer, Instant now)
    {
        if (_isClosed || relayed.Allocation is not { } allocation || allocation.ExpiresAt <= now) return Turned(RelayDrop.NoAllocation);

        peer = Announced(peer.Over(TransportProtocol.Tcp));
        if (allocation.FindPermission(peer, now) is null) return Turned(RelayDrop.NoPermission);
        if (Judge(allocation, peer, hasPort: true) is not null) return Turned(RelayDrop.PeerDenied);
        if (FindFullness(allocation) is not null) return Turned(RelayDrop.TooManyConnections);

        var connection = new RelayedConnection(NextConnectionId(), allocation, relayed, peer)
        {
            State = ConnectionState.Unbound,
            Deadline = now + RelayedConnection.UnboundLimit,
        };
        Keep(connection);
        _notices.Enqueue((connection, Notice.Attempted));
        return connection;
    }

    /// <summary>Either half is at its end, and the host has closed the other.</summary>
    public void ConnectionEnded(RelayedConnection connection, long bytesToPeer, long bytesToClient, Instant now)
    {
        connection.Allocation.BytesToPeers += bytesToPeer;
        connection.Allocation.BytesToClient += bytesToClient;
        Counters.BytesToPeers += bytesToPeer;
        Counters.BytesToClients += bytesToClient;
        if (connection.State is not ConnectionState.Closed) Forget(connection);
        _ = now;
    }

    private void HandleConnection(in StunReader request, in Asked asked, Instant now)
    {
        bool binds = asked.Method is StunMethod.ConnectionBind;
        var connection = binds ? FindUnbound(request) : null;
        var allocation = binds ? connection?.Allocation : _allocations.GetValueOrDefault(asked.FiveTuple);
        if (!TryAuthenticate(request, asked, allocation, now, out var identity)) return;

        if (request.FindUnknown(UnderstoodOfConnections, stackalloc ushort[1]) > 0) RefuseUnknown(request, UnderstoodOfConnections, asked, identity);
        else if (binds) Bind(asked, identity, connection);
        else Connect(request, asked, identity, allocation, now);
    }

    /// <summary>RFC 6062 §5.2. Answered when the dial has come to its end.</summary>
    private void Connect(in StunReader request, in Asked asked, TurnIdentity identity, Allocation? allocation, Instant now)
    {
        if (allocation is null)
        {
            Refuse(asked, identity, StunErrorCode.AllocationMismatch, new TurnRefusal.NoAllocation());
            return;
        }

        if (allocation.Protocol is not TransportProtocol.Tcp)
        {
            Refuse(asked, identity, StunErrorCode.BadRequest, new TurnRefusal.NotOverThisTransport());
            return;
        }

        if (!request.TryReadXorAddress(StunAttributeType.XorPeerAddress, out var peer))
        {
            Refuse(asked, identity, StunErrorCode.BadRequest, new TurnRefusal.BadAttribute(StunAttributeType.XorPeerAddress));
            return;
        }

        peer = peer.Over(TransportProtocol.Tcp);
        if (Judge(allocation, peer, hasPort: true) is var (code, refusal))
        {
            Refuse(asked, identity, code, refusal);
            return;
        }

        if (allocation.FindConnection(peer) is not null)
        {
            Refuse(asked, identity, StunErrorCode.ConnectionAlreadyExists, new TurnRefusal.ConnectionExists(peer));
            return;
        }

        if (FindFullness(allocation) is { } limit)
        {
            Refuse(asked, identity, StunErrorCode.InsufficientCapacity, new TurnRefusal.TooManyConnections(limit));
            return;
        }

        var connection = new RelayedConnection(NextConnectionId(), allocation, allocation.RelayFor(peer)!, peer)
        {
            PeerFromHere = Local(peer),
            State = ConnectionState.Dialling,
            Deadline = now + RelayedConnection.DialLimit,
            Transaction = asked.Transaction,
            WantsFingerprint = asked.WantsFingerprint,
            WantsSha256 = asked.WantsSha256,
        };
        Keep(connection);
        _events.Enqueue(new TurnServerEvent.Dial(connection));
    }

    /// <summary>RFC 6062 §5.4: on a stream of its own.</summary>
    private void Bind(in Asked asked, TurnIdentity identity, RelayedConnection? connection)
    {
        if (asked.FiveTuple.Client.Protocol is not TransportProtocol.Tcp || _allocations.ContainsKey(asked.FiveTuple))
        {
            Refuse(asked, identity, StunErrorCode.BadRequest, new TurnRefusal.NotOverThisTransport());
            return;
        }

        if (connection is null)
        {
            Refuse(asked, identity, StunErrorCode.BadRequest, new TurnRefusal.NoSuchConnection());
            return;
        }

        (connection.State, connection.Deadline) = (ConnectionState.Bound, Instant.Never);
        var writer = Begin(asked, StunClass.SuccessResponse);
        Finish(ref writer, asked, identity);
        _events.Enqueue(new TurnServerEvent.Join(connection, asked.FiveTuple));
    }

    private RelayedConnection? FindUnbound(in StunReader request)
        => request.TryFind(StunAttributeType.ConnectionId, out var attribute) && attribute.TryReadUInt32(out uint id)
            && _connections.TryGetValue(id, out var connection) && connection.State is ConnectionState.Unbound ? connection : null;

    private int? FindFullness(Allocation allocation)
        => allocation.ConnectionCount >= _options.MaxConnections ? _options.MaxConnections
            : _connections.Count >= _options.TotalConnections ? _options.TotalConnections
            : null;

    private uint NextConnectionId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        while (true)
        {
            _random.GetBytes(bytes);
            bytes[0] = _options.Shard;
            uint id = BinaryPrimitives.ReadUInt32BigEndian(bytes);
            if (!_connections.ContainsKey(id)) return id;
        }
    }

    private void Keep(RelayedConnection connection)
    {
        _connections.Add(connection.Id, connection);
        connection.Allocation.Add(connection);
        Schedule(connection.Allocation);
    }

    private void Forget(RelayedConnection connection)
    {
        connection.State = ConnectionState.Closed;
        _connections.Remove(connection.Id);
        connection.Allocation.Connections.Remove(connection);
    }

    private void Close(RelayedConnection connection)
    {
        Forget(connection);
        _events.Enqueue(new TurnServerEvent.Close(connection));
    }

    /// <summary>Those of a relayed address that goes.</summary>
    private void CloseConnections(RelayedTransportAddress relayed, Allocation allocation)
    {
        foreach (var connection in allocation.Connections.ToArray())
            if (connection.Relayed == relayed) Close(connection);
    }

    private void ExpireConnections(Allocation allocation, Instant now)
    {
        foreach (var connection in allocation.Connections.ToArray())
        {
            if (connection.Deadline > now) continue;
            bool wasDialling = connection.State is ConnectionState.Dialling;
            Close(connection);
            if (wasDialling) _notices.Enqueue((connection, Notice.Failed));
        }

        Schedule(allocation);
    }

    private void WriteNotice()
    {
        while (!_isPending && _notices.TryDequeue(out var next))
        {
            var (connection, notice) = next;
            var allocation = connection.Allocation;
            if (Find(allocation.FiveTuple) != allocation) continue;
            if (notice is Notice.Failed) AnswerConnect(connection, StunErrorCode.ConnectionTimeoutOrFailure);
            else if (connection.State is ConnectionState.Closed) continue;
            else if (notice is Notice.Connected) AnswerConnect(connection, code: 0);
            else Announce(connection);
        }
    }

    private void AnswerConnect(RelayedConnection connection, int code)
    {
        var allocation = connection.Allocation;
        var asked = new Asked(allocation.FiveTuple, StunMethod.Connect, connection.Transaction, connection.WantsFingerprint, connection.WantsSha256);
        if (code != 0)
        {
            Refuse(asked, allocation.Identity, code, new TurnRefusal.ConnectionFailed(connection.Peer));
            return;
        }

        var writer = Begin(asked, StunClass.SuccessResponse);
        writer.Add(StunAttributeType.ConnectionId, connection.Id);
        Finish(ref writer, asked, allocation.Identity);
    }

    private void Announce(RelayedConnection connection)
    {
        var asked = new Asked(connection.Allocation.FiveTuple, StunMethod.ConnectionAttempt, TransactionId.Next(_random), WantsFingerprint: false, WantsSha256: false);
        var writer = Begin(asked, StunClass.Indication);
        writer.Add(StunAttributeType.ConnectionId, connection.Id);
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, connection.Peer);
        Finish(ref writer, asked, identity: null);
    }

    /// <summary>RFC 6062 §5.1: over a stream only, and without what speaks of datagrams.</summary>
    private static (int, TurnRefusal)? FindFlawOfTcp(in StunReader request, TransportProtocol client)
    {
        if (client is not TransportProtocol.Tcp) return (StunErrorCode.BadRequest, new TurnRefusal.NotOverThisTransport());
        foreach (var type in (ReadOnlySpan<StunAttributeType>)[StunAttributeType.EvenPort, StunAttributeType.ReservationToken, StunAttributeType.DontFragment])
            if (request.Has(type)) return Bad(type);
        return null;
    }

    private RelayedConnection? Turned(RelayDrop reason)
    {
        Drop(reason);
        return null;
    }
}
