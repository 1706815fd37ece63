using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Streams;

namespace Thaw.Relay;

public sealed partial class RelayHost
{
    private int _adopted;

    /// <summary>
    /// Serves a TCP or TLS connection that somebody else has accepted and whose first bytes are TURN's. Completes when it is
    /// over, at once if there are too many streams; the caller closes it then.
    /// </summary>
    public async Task AdoptAsync(IDuplexPipe transport, IPEndPoint local, IPEndPoint remote, bool isTls)
    {
        if (!_room.Wait(0, CancellationToken.None)) return;
        try
        {
            var loop = _loops[(uint)Interlocked.Increment(ref _adopted) % (uint)_loops.Length];
            await using var stream = new PipeStream(transport);
            using var client = new StreamClient(stream, new FiveTuple(OverTcp(remote), OverTcp(local)), loop, isTls);
            await client.RunAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // A lost connection: nobody's fault, nothing held.
        }
        finally
        {
            _room.Release();
        }
    }

    private static TransportAddress OverTcp(IPEndPoint end) => new TransportAddress(end.Address, (ushort)end.Port).Over(TransportProtocol.Tcp);
}
