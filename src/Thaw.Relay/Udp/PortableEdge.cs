using System.Net;
using System.Net.Sockets;
using Thaw.Net.Udp;
using Thaw.Protocol;

namespace Thaw.Relay.Udp;

/// <summary>What the base library can do on every system: one call a datagram.</summary>
internal sealed class PortableEdge : IDatagramEdge
{
    private const int DatagramsPerTurn = 64; // of one socket, so that a flood in one place starves no other
    private const int ListenerBufferBytes = 4 << 20;
    private const int SioUdpConnReset = -1744830452; // Windows: ICMP port unreachable must not fail the next receive

    private readonly Dictionary<Socket, EdgeSocket> _sockets = [];
    private readonly Dictionary<int, Socket> _byHandle = [];
    private readonly List<Socket> _readable = [];
    private readonly byte[] _room = new byte[DatagramRoom.Size];
    private readonly SocketAddress _address4 = new(AddressFamily.InterNetwork);
    private readonly SocketAddress _address6 = new(AddressFamily.InterNetworkV6);
    private readonly WakeSocket _wake = new();
    private int _lastHandle;

    public long Lost { get; private set; }

    public long Turns { get; private set; }

    public EdgeSocket? TryOpen(TransportAddress local, EdgeUse use)
    {
        var address = local.Address;
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (OperatingSystem.IsWindows()) socket.IOControl(SioUdpConnReset, [0, 0, 0, 0], null);
            if (!local.IsIPv4) socket.DualMode = false;
            socket.Bind(new IPEndPoint(address, local.Port));
            socket.Blocking = false;
            if (use is not EdgeUse.Relay) (socket.ReceiveBufferSize, socket.SendBufferSize) = (ListenerBufferBytes, ListenerBufferBytes);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }

        var edge = new EdgeSocket(++_lastHandle, local.WithPort((ushort)((IPEndPoint)socket.LocalEndPoint!).Port));
        _sockets.Add(socket, edge);
        _byHandle.Add(edge.Handle, socket);
        return edge;
    }

    public void Close(EdgeSocket socket)
    {
        if (!_byHandle.Remove(socket.Handle, out var bound)) return;
        _sockets.Remove(bound);
        bound.Dispose();
    }

    public void Receive(TimeSpan most, Arrival arrival)
    {
        _readable.Clear();
        _readable.AddRange(_sockets.Keys);
        _readable.Add(_wake.Socket);
        Socket.Select(_readable, null, null, most);
        Turns++;
        foreach (var socket in _readable)
        {
            if (socket == _wake.Socket) _wake.Clear();
            else if (_sockets.TryGetValue(socket, out var edge)) ReceiveFrom(socket, edge, arrival);
        }
    }

    public void Wake() => _wake.Signal();

    public void Send(EdgeSocket from, TransportAddress to, ReadOnlySpan<byte> payload, bool dontFragment = false)
    {
        if (!_byHandle.TryGetValue(from.Handle, out var socket)) return;
        if (from.SetsDontFragment != dontFragment && from.Local.IsIPv4) SetDontFragment(from, socket, dontFragment);
        var address = to.IsIPv4 ? _address4 : _address6;
        address.Write(to);
        try
        {
            socket.SendTo(payload, SocketFlags.None, address);
        }
        catch (SocketException)
        {
            Lost++; // no route, a full buffer, a firewall: UDP promises nothing
        }
    }

    public void Flush() { }

    public void Dispose()
    {
        foreach (var socket in _sockets.Keys) socket.Dispose();
        _wake.Dispose();
    }

    // No router cuts up IPv6; whether our own system may, the base library does not ask.
    private static void SetDontFragment(EdgeSocket edge, Socket socket, bool value)
    {
        try
        {
            socket.DontFragment = value;
        }
        catch (SocketException)
        {
            // A system without it.
        }

        edge.SetsDontFragment = value;
    }

    private void ReceiveFrom(Socket socket, EdgeSocket edge, Arrival arrival)
    {
        var address = edge.Local.IsIPv4 ? _address4 : _address6;
        for (int i = 0; i < DatagramsPerTurn && _byHandle.ContainsKey(edge.Handle); i++)
        {
            int length;
            try
            {
                if (i > 0 && socket.Available == 0) return; // not for the first: it may be empty, and would be ready for ever
                length = socket.ReceiveFrom(_room.AsSpan(DatagramRoom.Before, DatagramRoom.MaxDatagram), SocketFlags.None, address);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock)
            {
                return;
            }
            catch (SocketException)
            {
                continue; // too long, or an ICMP message about something sent before
            }

            arrival(edge, address.Read(), _room, length);
        }
    }
}
