using System.Net.Sockets;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Streams;

/// <summary>The host's part of a <see cref="RelayedConnection"/>: the peer's socket, once there is one, and the client's stream, once joined. The loop's.</summary>
internal sealed class PeerConnection(RelayedConnection connection) : IDisposable
{
    private readonly CancellationTokenSource _dial = new();

    public RelayedConnection Connection { get; } = connection;

    public CancellationToken DialToken => _dial.Token;

    /// <summary>Null while it is dialled.</summary>
    public Socket? Socket { get; set; }

    /// <summary>Null until it is joined.</summary>
    public StreamClient? Client { get; set; }

    /// <summary>Closes both halves.</summary>
    public void Dispose()
    {
        _dial.Cancel();
        _dial.Dispose();
        Socket?.Dispose();
        Client?.Abort();
    }
}
