using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Loop;

namespace Thaw.Relay.Streams;

/// <summary>
/// A relayed address of RFC 6062: peers connect to it, and connections to peers begin at it, so that listener and
/// connections share one port.
/// </summary>
internal sealed class PeerListener : IDisposable
{
    private const int Backlog = 16;

    private readonly Socket _socket;
    private readonly RelayedTransportAddress _relayed;
    private readonly RelayLoop _loop;
    private readonly CancellationTokenSource _stop = new();

    private PeerListener(Socket socket, RelayedTransportAddress relayed, RelayLoop loop) => (_socket, _relayed, _loop) = (socket, relayed, loop);

    /// <returns>Null where the port is taken.</returns>
    public static PeerListener? TryOpen(RelayedTransportAddress relayed, RelayLoop loop)
    {
        Socket? socket = null;
        try
        {
            socket = Open(relayed.Local);
            socket.Listen(Backlog);
            Share(socket); // only now: alone it found out whether the port is free
            var listener = new PeerListener(socket, relayed, loop);
            _ = listener.AcceptAsync(listener._stop.Token);
            return listener;
        }
        catch (SocketException)
        {
            socket?.Dispose();
            return null;
        }
    }

    /// <summary>A connection from a relayed address; null where the peer does not take it.</summary>
    public static async Task<Socket?> DialAsync(TransportAddress relayed, TransportAddress peer, CancellationToken cancel)
    {
        Socket? socket = null;
        try
        {
            socket = Open(relayed, isShared: true);
            await socket.ConnectAsync(new IPEndPoint(peer.Address, peer.Port), cancel);
            return socket;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            socket?.Dispose();
            return null;
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var accepted = await _socket.AcceptAsync(stop);
                // Whoever closes us meanwhile, the loop turns it away.
                if (!await _loop.PostAsync(new StreamErrand(Act: () => _loop.Accepted(_relayed, accepted)), CancellationToken.None)) accepted.Dispose();
            }
            catch (SocketException)
            {
                // It was gone before we had it; or no file is left, until one is closed.
                await Task.Delay(10, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static Socket Open(TransportAddress local, bool isShared = false)
    {
        var address = local.Address;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (!local.IsIPv4) socket.DualMode = false;
            if (isShared) Share(socket);
            socket.Bind(new IPEndPoint(address, local.Port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // SO_REUSEPORT, by the name that the base library has for it.
    private static void Share(Socket socket) => socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
}
