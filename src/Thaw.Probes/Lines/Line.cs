using Thaw.Protocol;

namespace Thaw.Probes.Lines;

/// <summary>A way to one server that carries whole messages: a connected UDP socket, or a stream.</summary>
internal abstract class Line(TransportAddress local, TransportAddress server) : IDisposable
{
    public TransportAddress Local => local;

    public TransportAddress Server => server;

    /// <exception cref="System.Net.Sockets.SocketException">The other side refuses.</exception>
    /// <exception cref="IOException">The stream is over.</exception>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancel);

    /// <summary>The next whole message, put into <paramref name="buffer"/>.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The other side refuses.</exception>
    /// <exception cref="IOException">The stream is over, or holds what is no message.</exception>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel);

    public abstract void Dispose();
}
