using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Thaw.Interop.Tests.Net;

/// <summary>A remote peer's ICE-TCP connection (RFC 4571 frames), with a receive that gives up.</summary>
internal sealed class StreamClient : IDisposable
{
    private readonly Socket _socket;

    public StreamClient(IPAddress host, int port)
    {
        _socket = new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 2000, NoDelay = true };
        _socket.Connect(host, port);
    }

    public IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

    public void SendRaw(ReadOnlySpan<byte> bytes) => _socket.Send(bytes);

    public void Send(ReadOnlySpan<byte> frame)
    {
        byte[] framed = new byte[2 + frame.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)frame.Length);
        frame.CopyTo(framed.AsSpan(2));
        SendRaw(framed);
    }

    /// <summary>Null if nothing came, empty if the other side has closed.</summary>
    public byte[]? Receive()
    {
        byte[] length = new byte[2];
        if (Fill(length) is { } end) return end ? [] : null;
        byte[] frame = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        return Fill(frame) is { } cut ? cut ? [] : null : frame;
    }

    public byte[]? Ask(ReadOnlySpan<byte> frame)
    {
        Send(frame);
        return Receive();
    }

    /// <summary>One check; true if it was answered.</summary>
    public bool Check(string ufrag) => Ask(NetClient.BindingRequest(ufrag)) is [1, 1, ..];

    /// <summary>Whether the other side closes without another word.</summary>
    public bool IsClosed() => Receive() is [];

    public void Reset() => _socket.Close(0);

    public void Dispose() => _socket.Dispose();

    // Null once full; true where the connection ended, false where nothing came in time.
    private bool? Fill(Span<byte> buffer)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                int read = _socket.Receive(buffer);
                if (read == 0) return true;
                buffer = buffer[read..];
            }

            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.ConnectionReset;
        }
    }
}
