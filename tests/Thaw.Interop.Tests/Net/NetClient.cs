using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Thaw.Interop.Tests.Net;

/// <summary>A remote peer's socket, with a receive that gives up.</summary>
internal sealed class NetClient : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _received = new byte[4096];

    public NetClient(IPAddress host, int port)
    {
        _socket = new Socket(host.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 2000 };
        _socket.Connect(host, port);
    }

    public IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

    public void Send(ReadOnlySpan<byte> datagram) => _socket.Send(datagram);

    /// <summary>Empty if nothing came.</summary>
    public byte[] Receive()
    {
        try
        {
            return _received[.._socket.Receive(_received)];
        }
        catch (SocketException)
        {
            return [];
        }
    }

    public byte[] Ask(ReadOnlySpan<byte> datagram)
    {
        Send(datagram);
        return Receive();
    }

    /// <summary>One check; true if it was answered.</summary>
    public bool Check(string ufrag) => Ask(BindingRequest(ufrag)) is [1, 1, ..];

    /// <summary>A Binding request with USERNAME and nothing else (RFC 8489 §5, §14.3).</summary>
    public static byte[] BindingRequest(string ufrag)
    {
        byte[] username = Encoding.ASCII.GetBytes(ufrag + ":remote");
        int padded = (username.Length + 3) & ~3;
        byte[] request = new byte[24 + padded];
        request[1] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(2), (ushort)(4 + padded));
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(4), 0x2112A442);
        Random.Shared.NextBytes(request.AsSpan(8, 12));
        request[21] = 6;
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(22), (ushort)username.Length);
        username.CopyTo(request, 24);
        return request;
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>Keeps what it hears; may be told to hold up the loop.</summary>
internal sealed class NetListener : Thaw.Net.IPeerListener
{
    private int _media, _events;

    public int Media => Volatile.Read(ref _media);
    public int Events => Volatile.Read(ref _events);
    public ManualResetEventSlim? HoldMedia { get; init; }

    public void OnMedia(in Protocol.MediaPacket packet, ReadOnlySpan<byte> payload, Protocol.Instant now)
    {
        Interlocked.Increment(ref _media);
        HoldMedia?.Wait(TimeSpan.FromSeconds(20));
    }

    public void OnEvent(Protocol.Peer.PeerEvent e, Protocol.Instant now) => Interlocked.Increment(ref _events);

    public void OnObservation(Protocol.Observation o, Protocol.Instant now) { }
}
