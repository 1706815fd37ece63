using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Thaw.Net.Tcp;

namespace Thaw.Net.Loop;

internal sealed partial class SharedPort
{
    private readonly StreamCounters _streamCounters = new();
    private readonly PassiveTcp _passive;
    private readonly TcpListeners? _listeners;

    /// <summary>Null without TCP, and where a port that nobody insisted on is taken everywhere.</summary>
    public int? TcpPort => _listeners is { Bases.Count: > 0 } listeners ? listeners.Port : null;

    public Task AcceptStreamAsync(IDuplexPipe transport, IPEndPoint local, IPEndPoint remote)
        => _passive.ServeAsync(transport, TcpListeners.FlowOf(local, remote));

    private TcpListeners? ListenTcp()
    {
        if (_options.TcpPort is not { } wanted) return null;

        var listeners = new TcpListeners(_passive, _streamCounters, Clock, wanted == 0 ? UdpPort : wanted, _options.SharesTcp);
        foreach (var address in _addresses)
        {
            if (listeners.TryListen(address) is not { } refused || wanted == 0) continue;
            listeners.Dispose();
            throw refused.SocketErrorCode is SocketError.AccessDenied
                ? new PeerHostException(PeerHostError.PortNotAllowed, $"TCP port {wanted} on {address} may not be opened by this user. Choose a port above 1023.", refused)
                : new PeerHostException(PeerHostError.PortInUse, $"TCP port {wanted} on {address} is in use by another program. Stop that program or choose another TCP port.", refused);
        }

        return listeners;
    }
}
