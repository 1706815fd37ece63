using System.Net;
using System.Net.Sockets;

namespace Thaw.Net.Udp;

/// <summary>Ends a loop's poll() from another thread: a loopback socket connected to itself, so nobody else can write to it.</summary>
internal sealed class WakeSocket : IDisposable
{
    private readonly byte[] _sink = new byte[1];

    public WakeSocket()
    {
        var loopback = Socket.OSSupportsIPv4 ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        Socket = new Socket(loopback.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            Socket.Bind(new IPEndPoint(loopback, 0));
            Socket.Connect(Socket.LocalEndPoint!);
            Socket.Blocking = false;
        }
        catch
        {
            Socket.Dispose();
            throw;
        }
    }

    public Socket Socket { get; }

    public void Signal()
    {
        try
        {
            Socket.Send([1]);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The loop is ending, or it looks again within a second anyway.
        }
    }

    public void Clear()
    {
        while (Socket.Available > 0) Socket.Receive(_sink);
    }

    public void Dispose() => Socket.Dispose();
}
