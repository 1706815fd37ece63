using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Loop;

namespace Thaw.Relay.Streams;

/// <summary>A client over TCP or TLS: whole messages in to its loop, whole messages out. It ends with its stream.</summary>
/// <param name="isTls">Each message is a record of its own: a client that reads one record whenever its socket has bytes, as coturn's does, would leave what came along in it until the next bytes arrive.</param>
internal sealed class StreamClient(Stream stream, FiveTuple fiveTuple, RelayLoop loop, bool isTls) : IDisposable
{
    private const int WaitingMessages = 256; // to a client that reads too slowly; what is over is dropped, as UDP would
    private const int LargestMessage = TurnServer.MaxRelayed + 64;
    private const int WriteBytes = 64 * 1024;

    private readonly CancellationTokenSource _end = new();
    private readonly Channel<(byte[] Bytes, int Length)> _waiting = Channel.CreateBounded<(byte[], int)>(
        new BoundedChannelOptions(WaitingMessages) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });

    public FiveTuple FiveTuple { get; } = fiveTuple;

    /// <summary>When it had an allocation last, or began. The loop's.</summary>
    public Instant UsedAt { get; set; }

    /// <summary>Messages that a slow client missed.</summary>
    public long Missed { get; private set; }

    /// <summary>On the loop: never waits.</summary>
    public void Send(ReadOnlySpan<byte> message)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(message.Length);
        message.CopyTo(copy);
        if (_waiting.Writer.TryWrite((copy, message.Length))) return;
        ArrayPool<byte>.Shared.Return(copy);
        Missed++;
    }

    public void Abort()
    {
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    public void Dispose() => _end.Dispose();

    /// <summary>Carries messages until the stream ends, whoever ends it.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, _end.Token);
        if (!await loop.PostAsync(new StreamErrand(this, [], 0), both.Token)) return;
        var writing = WriteAsync(both);
        try
        {
            await ReadAsync(both.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // How streams end.
        }

        await both.CancelAsync();
        await writing;
        await loop.PostAsync(new StreamErrand(this, null, 0), CancellationToken.None);
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        byte[] buffer = new byte[4096];
        int filled = 0;
        bool hasBegun = false;
        while (true)
        {
            int read = await stream.ReadAsync(buffer.AsMemory(filled), cancel);
            if (read == 0) return;
            filled += read;

            int taken = 0;
            while (filled - taken >= TurnFraming.HeaderLength)
            {
                if (!TurnFraming.TryMeasure(buffer.AsSpan(taken), out int length) || length > LargestMessage) return; // not TURN
                if (!hasBegun && ChannelData.IsChannelData(buffer.AsSpan(taken))) return; // nobody has a channel yet: "GET " looks like one
                if (length > filled - taken)
                {
                    if (length > buffer.Length) Array.Resize(ref buffer, length);
                    break;
                }

                byte[] message = ArrayPool<byte>.Shared.Rent(length);
                buffer.AsSpan(taken, length).CopyTo(message);
                if (!await loop.PostAsync(new StreamErrand(this, message, length), cancel)) return;
                taken += length;
                hasBegun = true;
            }

            buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
            filled -= taken;
        }
    }

    private async Task WriteAsync(CancellationTokenSource both)
    {
        byte[] batch = new byte[WriteBytes];
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(both.Token))
            {
                int length = 0, most = isTls ? 0 : batch.Length;
                while (_waiting.Reader.TryPeek(out var next) && (length == 0 || length + next.Length <= most) && _waiting.Reader.TryRead(out next))
                {
                    if (next.Length > batch.Length) batch = new byte[next.Length];
                    next.Bytes.AsSpan(0, next.Length).CopyTo(batch.AsSpan(length));
                    ArrayPool<byte>.Shared.Return(next.Bytes);
                    length += next.Length;
                }

                await stream.WriteAsync(batch.AsMemory(0, length), both.Token).AsTask().WaitAsync(loop.StreamDeadlines.Write, both.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or TimeoutException)
        {
            await _end.CancelAsync(); // the reading side ends it all
        }
    }
}
