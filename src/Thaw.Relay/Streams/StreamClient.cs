using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Loop;

namespace Thaw.Relay.Streams;

/// <summary>A client over TCP or TLS: whole messages in to its loop, whole messages out. It ends with its stream.</summary>
/// <param name="begun">What of it has been read already.</param>
/// <param name="isTls">Each message is a record of its own: a client that reads one record whenever its socket has bytes, as coturn's does, would leave what came along in it until the next bytes arrive.</param>
internal sealed class StreamClient(Stream stream, FiveTuple fiveTuple, RelayLoop loop, bool isTls, ReadOnlyMemory<byte> begun = default) : IDisposable
{
    private const int WaitingMessages = 256; // to a client that reads too slowly; what is over is dropped, as UDP would
    private const int LargestMessage = TurnServer.MaxRelayed + 64;
    private const int WriteBytes = 64 * 1024;

    private readonly CancellationTokenSource _end = new();
    private RelayLoop _loop = loop;
    private TaskCompletionSource? _heard;
    private readonly Channel<(byte[] Bytes, int Length)> _waiting = Channel.CreateBounded<(byte[], int)>(
        new BoundedChannelOptions(WaitingMessages) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });

    public FiveTuple FiveTuple { get; } = fiveTuple;

    /// <summary>When it had an allocation last, or began. The loop's.</summary>
    public Instant UsedAt { get; set; }

    /// <summary>The peer whose stream this one has become a part of (RFC 6062 §5.4). Set on the loop while it is waited for.</summary>
    public PeerConnection? Joined { get; set; }

    /// <summary>On the loop: never waits.</summary>
    public void Send(ReadOnlySpan<byte> message)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(message.Length);
        message.CopyTo(copy);
        if (_waiting.Writer.TryWrite((copy, message.Length))) return;
        ArrayPool<byte>.Shared.Return(copy);
        _loop.StreamMessagesMissed++;
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

    /// <summary>On the loop: the message is dealt with.</summary>
    public void Heard() => _heard?.TrySetResult();

    public void Dispose() => _end.Dispose();

    /// <summary>Carries messages until the stream ends, whoever ends it.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, _end.Token);
        if (!await _loop.PostAsync(new StreamErrand(this, [], 0), both.Token)) return;
        var writing = WriteAsync(both);
        byte[] early = [];
        try
        {
            early = await ReadAsync(both.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // How streams end.
        }

        if (Joined is { } peer)
        {
            _waiting.Writer.TryComplete(); // the answer goes out, then what the peer sends
            await writing;
            var (toPeer, toClient) = await Splice.RunAsync(stream, peer.Socket!, early, _loop.StreamDeadlines, both.Token);
            await _loop.PostAsync(new StreamErrand(Act: () => _loop.Parted(peer, toPeer, toClient)), CancellationToken.None);
            return;
        }

        await both.CancelAsync();
        await writing;
        await _loop.PostAsync(new StreamErrand(this, null, 0), CancellationToken.None);
    }

    /// <returns>What came behind the message that made it a part of another stream.</returns>
    private async Task<byte[]> ReadAsync(CancellationToken cancel)
    {
        byte[] buffer = new byte[4096];
        begun.CopyTo(buffer);
        int filled = begun.Length;
        bool hasBegun = false;
        while (true)
        {
            int taken = 0;
            while (filled - taken >= TurnFraming.HeaderLength)
            {
                if (!TurnFraming.TryMeasure(buffer.AsSpan(taken), out int length) || length > LargestMessage) return []; // not TURN
                if (!hasBegun && ChannelData.IsChannelData(buffer.AsSpan(taken))) return []; // nobody has a channel yet: "GET " looks like one
                if (length > filled - taken)
                {
                    if (length > buffer.Length) Array.Resize(ref buffer, length);
                    break;
                }

                if (!hasBegun && _loop.FindNamed(buffer.AsSpan(taken, length)) is { } named) await ChangeToAsync(named, cancel);
                bool mayJoin = TurnRouting.IsConnectionBind(buffer.AsSpan(taken, length));
                if (mayJoin) _heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                byte[] message = ArrayPool<byte>.Shared.Rent(length);
                buffer.AsSpan(taken, length).CopyTo(message);
                if (!await _loop.PostAsync(new StreamErrand(this, message, length), cancel)) return [];
                taken += length;
                hasBegun = true;
                if (mayJoin) await _heard!.Task.WaitAsync(cancel); // else the next bytes would be taken for messages
                if (Joined is not null) return buffer[taken..filled];
            }

            buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
            filled -= taken;
            int read = await stream.ReadAsync(buffer.AsMemory(filled), cancel);
            if (read == 0) return [];
            filled += read;
        }
    }

    // A data connection, or a mobile client's stream, that was dealt out to a loop that does not know what it is about.
    private async Task ChangeToAsync(RelayLoop named, CancellationToken cancel)
    {
        await _loop.PostAsync(new StreamErrand(this, null, 0), cancel);
        _loop = named;
        await _loop.PostAsync(new StreamErrand(this, [], 0), cancel);
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

                await stream.WriteAsync(batch.AsMemory(0, length), both.Token).AsTask().WaitAsync(_loop.StreamDeadlines.Write, both.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or TimeoutException)
        {
            await _end.CancelAsync(); // the reading side ends it all
        }
    }
}
