using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;

namespace Thaw.Probes.Lines;

/// <summary>Connected, so that a closed port is told (ICMP) and nobody else's datagrams come in.</summary>
internal sealed class UdpLine : Line
{
    private readonly Socket _socket;

    private UdpLine(Socket socket, TransportAddress local, TransportAddress server) : base(local, server) => _socket = socket;

    /// <exception cref="SocketException">No route there.</exception>
    public static UdpLine Open(TransportAddress server)
    {
        var socket = new Socket(server.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Connect(new IPEndPoint(server.Address, server.Port));
            var local = (IPEndPoint)socket.LocalEndPoint!;
            return new UdpLine(socket, new TransportAddress(local.Address, (ushort)local.Port), server);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancel) => await _socket.SendAsync(message, SocketFlags.None, cancel);

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel) => _socket.ReceiveAsync(buffer, SocketFlags.None, cancel);

    public override void Dispose() => _socket.Dispose();
}
