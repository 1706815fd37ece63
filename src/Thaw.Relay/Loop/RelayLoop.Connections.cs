using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Streams;

namespace Thaw.Relay.Loop;

/// <summary>What TCP relays need of the host (RFC 6062): sockets that listen and dial, and streams that are joined.</summary>
internal sealed partial class RelayLoop
{
    private readonly Dictionary<RelayedTransportAddress, PeerListener> _peerListeners = [];
    private readonly Dictionary<RelayedConnection, PeerConnection> _peers = [];

    /// <summary>On the loop: a peer has connected to a relayed address.</summary>
    public void Accepted(RelayedTransportAddress relayed, Socket socket)
    {
        if (PeerOf(socket) is not { } peer || Server.Accept(relayed, peer, _now) is not { } connection)
        {
            socket.Dispose();
            return;
        }

        _peers.Add(connection, new PeerConnection(connection) { Socket = socket });
        DrainServer();
    }

    private void Perform(TurnServerEvent happened)
    {
        switch (happened)
        {
            case TurnServerEvent.Dial dial: Dial(dial.Connection); break;
            case TurnServerEvent.Join join: Join(join); break;
            case TurnServerEvent.Close close: if (_peers.Remove(close.Connection, out var closed)) closed.Dispose(); break;
            case TurnServerEvent.ClientMoves moves: _moved.Set(moves.To, this); break;
            case TurnServerEvent.ClientLeft left: _moved.Clear(left.From, this); break;
        }
    }

    private bool TryOpenTcp(RelayedTransportAddress relayed)
    {
        if (PeerListener.TryOpen(relayed, this) is not { } listener) return false;
        _peerListeners.Add(relayed, listener);
        _open.Set(relayed.Local);
        return true;
    }

    private void CloseTcp(RelayedTransportAddress relayed)
    {
        _open.Clear(relayed.Local);
        if (_peerListeners.Remove(relayed, out var listener)) listener.Dispose();
    }

    private void Dial(RelayedConnection connection)
    {
        var peer = new PeerConnection(connection);
        _peers.Add(connection, peer);
        _ = DialAsync(peer, peer.DialToken);
    }

    private async Task DialAsync(PeerConnection peer, CancellationToken cancel)
    {
        await Task.Yield(); // the loop does not wait for the system
        var socket = await PeerListener.DialAsync(peer.Connection.Relayed.Local, peer.Connection.PeerFromHere, cancel);
        if (!await PostAsync(new StreamErrand(Act: () => Dialled(peer, socket)), CancellationToken.None)) socket?.Dispose();
    }

    private void Dialled(PeerConnection peer, Socket? socket)
    {
        if (!_peers.ContainsKey(peer.Connection))
        {
            socket?.Dispose(); // it came too late
            return;
        }

        peer.Socket = socket;
        if (socket is null && _peers.Remove(peer.Connection)) peer.Dispose();
        Server.Dialled(peer.Connection, socket is not null, _now);
        DrainServer();
    }

    private void Join(TurnServerEvent.Join join)
    {
        if (!_peers.TryGetValue(join.Connection, out var peer)) return;
        if (_streams.Remove(join.DataClient, out var client))
        {
            peer.Client = client;
            client.Joined = peer;
        }
        else
        {
            _peers.Remove(join.Connection);
            peer.Dispose();
            Server.ConnectionEnded(join.Connection, 0, 0, _now);
        }
    }

    /// <summary>On the loop: both halves of a joined connection are at their end.</summary>
    public void Parted(PeerConnection peer, long toPeer, long toClient)
    {
        if (_peers.Remove(peer.Connection)) peer.Dispose();
        Server.ConnectionEnded(peer.Connection, toPeer, toClient, _now);
        DrainServer();
    }

    private void EndPeers()
    {
        foreach (var listener in _peerListeners.Values) listener.Dispose();
        foreach (var peer in _peers.Values) peer.Dispose();
        _peerListeners.Clear();
        _peers.Clear();
    }

    private static TransportAddress? PeerOf(Socket socket)
    {
        try
        {
            socket.NoDelay = true;
            return socket.RemoteEndPoint is IPEndPoint end ? new TransportAddress(end.Address, (ushort)end.Port).Over(TransportProtocol.Tcp) : null;
        }
        catch (SocketException)
        {
            return null; // gone already
        }
    }
}
