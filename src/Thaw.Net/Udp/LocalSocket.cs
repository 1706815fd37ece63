using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;

namespace Thaw.Net.Udp;

/// <summary>
/// A UDP socket bound to one local address, so that what it sends leaves from there and what it receives came there.
/// Owned by one loop; sending and receiving allocate nothing.
/// </summary>
internal sealed class LocalSocket : Socket
{
    private const int BufferBytes = 4 << 20;
    private const int SioUdpConnReset = -1744830452; // Windows: ICMP port unreachable must not fail the next receive

    private readonly SocketAddress _from;
    private readonly SocketAddress _to;

    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public LocalSocket(IPAddress address, int port, bool sharePort) : base(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                ExclusiveAddressUse = true;
                IOControl(SioUdpConnReset, [0, 0, 0, 0], null);
            }
            if (address.AddressFamily is AddressFamily.InterNetworkV6) DualMode = false;
            if (sharePort) SharePort();

            Bind(new IPEndPoint(address, port));
            Blocking = false;
            ReceiveBufferSize = BufferBytes;
            SendBufferSize = BufferBytes;
        }
        catch
        {
            Dispose();
            throw;
        }

        Local = new TransportAddress(address, (ushort)((IPEndPoint)LocalEndPoint!).Port);
        _from = new SocketAddress(AddressFamily);
        _to = new SocketAddress(AddressFamily);
    }

    public TransportAddress Local { get; }

    /// <summary>SO_REUSEPORT: Linux spreads the remote addresses over all sockets that share an address and port.</summary>
    public void SharePort()
    {
        const int solSocket = 1;
        const int soReusePort = 15;
        SetRawSocketOption(solSocket, soReusePort, [1, 0, 0, 0]);
    }

    public bool CanReach(TransportAddress destination) => destination.IsIPv4 == Local.IsIPv4;

    public int ReceiveDatagram(Span<byte> buffer, out TransportAddress source)
    {
        int length = ReceiveFrom(buffer, SocketFlags.None, _from);
        source = _from.Read();
        return length;
    }

    public void SendDatagram(ReadOnlySpan<byte> payload, TransportAddress destination)
    {
        _to.Write(destination);
        SendTo(payload, SocketFlags.None, _to);
    }
}
