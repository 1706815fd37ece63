using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;

namespace Thaw.Relay.Streams;

/// <summary>
/// Two streams that are one: bytes as they come. Each way there is one buffer, and nothing is read while it is being
/// written, so that whoever is slow slows down whoever is fast.
/// </summary>
internal static class Splice
{
    private const int BufferBytes = 16 * 1024;

    /// <param name="early">What the client sent in advance.</param>
    /// <returns>Bytes to the peer, bytes to the client.</returns>
    public static async Task<(long ToPeer, long ToClient)> RunAsync(
        Stream client, Socket socket, ReadOnlyMemory<byte> early, StreamDeadlines deadlines, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await using var peer = new NetworkStream(socket, ownsSocket: false);
        var up = PumpAsync(client, peer, early, deadlines.Write, end);
        var down = PumpAsync(peer, client, default, deadlines.Write, end);

        // What one side says last still reaches the other, and its answer may come back, but not for long.
        await Task.WhenAny(up, down);
        end.CancelAfter(deadlines.Farewell);
        return (await up, await down);
    }

    private static async Task<long> PumpAsync(Stream from, Stream to, ReadOnlyMemory<byte> early, TimeSpan writeLimit, CancellationTokenSource end)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        long count = 0;
        try
        {
            if (!early.IsEmpty) await to.WriteAsync(early, end.Token).AsTask().WaitAsync(writeLimit, end.Token);
            count = early.Length;
            while (await from.ReadAsync(buffer.AsMemory(0, BufferBytes), end.Token) is > 0 and var read)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), end.Token).AsTask().WaitAsync(writeLimit, end.Token);
                count += read;
            }

            await EndAsync(to);
            ArrayPool<byte>.Shared.Return(buffer); // not after a failure: a write that was given up may still read from it
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or TimeoutException or InvalidOperationException)
        {
            await end.CancelAsync(); // a broken half breaks the other
        }

        return count;
    }

    private static async Task EndAsync(Stream stream)
    {
        if (stream is SslStream secure) await secure.ShutdownAsync();
        else if (stream is NetworkStream plain) plain.Socket.Shutdown(SocketShutdown.Send);
    }
}
