using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;
using Thaw.Net.Loop;
using Thaw.Protocol;

namespace Thaw.Net.Tcp;

/// <summary>Takes one frame; lent for the call. Not null: the stream ends with that.</summary>
internal delegate StreamEnd? FrameReceived(FramedStream stream, ReadOnlySpan<byte> frame);

/// <summary>
/// A TCP connection that carries datagrams. It reads and writes off the loops; a loop only ever puts a copy into its
/// bounded queue.
/// </summary>
internal sealed class FramedStream
{
    /// <summary>Frames that wait for the connection: at 50 a second some two seconds, after which audio is worth nothing.</summary>
    public const int QueueLength = 128;

    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(10);   // a peer that stopped reading
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(1); // for the goodbye to be read, which a reset would destroy
    private static readonly ArrayPool<byte> s_frames = ArrayPool<byte>.Create(Output.BufferLength, 1024);

    private readonly Channel<Frame> _queue = Channel.CreateBounded<Frame>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly IDuplexPipe _transport;
    private readonly Framing _framing;
    private readonly FrameReceived _received;
    private readonly Clock _clock;
    private readonly StreamCounters _counters;
    private readonly byte[] _whole = new byte[Output.BufferLength]; // for a frame that lies across two buffers
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Instant _openedAt;
    private long _heardAt;
    private long _flushingSince = Instant.Never.Ticks;
    private long _endBy = Instant.Never.Ticks;
    private int _end = -1;
    private volatile bool _isProven;

    public FramedStream(Flow flow, Framing framing, IDuplexPipe transport, FrameReceived received, Clock clock, StreamCounters counters)
    {
        (Flow, _framing, _transport, _received, _clock, _counters) = (flow, framing, transport, received, clock, counters);
        _openedAt = clock.Now;
        _heardAt = _openedAt.Ticks;
    }

    public Flow Flow { get; }

    /// <summary>A check that came by it was answered: its peer holds the password of a session.</summary>
    public bool IsProven => _isProven;

    /// <summary>Completes when nothing goes either way any more.</summary>
    public Task Ended => _ended.Task;

    public void Prove() => _isProven = true;

    /// <summary>Queues a copy, from any thread. False and counted if the queue is full or the stream is closing.</summary>
    public bool TrySend(ReadOnlySpan<byte> payload)
    {
        byte[] buffer = s_frames.Rent(payload.Length);
        payload.CopyTo(buffer);
        if (_queue.Writer.TryWrite(new Frame(buffer, payload.Length))) return true;

        s_frames.Return(buffer);
        _counters.CountQueueFull();
        return false;
    }

    /// <summary>Sends what is queued, lets the peer close first, and ends within a second or so.</summary>
    public void Complete(StreamEnd why)
    {
        if (!TryEnd(why)) return;
        Volatile.Write(ref _endBy, (_clock.Now + LongestFarewell).Ticks);
        _queue.Writer.TryComplete();
    }

    /// <summary>Ends now.</summary>
    public void Abort(StreamEnd why)
    {
        TryEnd(why);
        _queue.Writer.TryComplete();
        try
        {
            _transport.Input.CancelPendingRead();
            _transport.Output.CancelPendingFlush();
        }
        catch (Exception e) when (IsNetwork(e))
        {
            // It has just ended by itself.
        }
    }

    /// <summary>Ends the stream if one of its deadlines is over.</summary>
    /// <param name="proof">From the connect to the first check that proves anything.</param>
    /// <param name="idle">From the last frame received.</param>
    public void CheckDeadlines(Instant now, TimeSpan proof, TimeSpan idle)
    {
        if (!IsProven && now >= _openedAt + proof) Abort(StreamEnd.NoCheckInTime);
        else if (now >= new Instant(Volatile.Read(ref _heardAt)) + idle) Abort(StreamEnd.Idle);
        else if (now.Ticks >= Volatile.Read(ref _endBy)) Abort(StreamEnd.SessionEnded);
        else if (Volatile.Read(ref _flushingSince) is var since && since < now.Ticks - LongestFlush.Ticks) Abort(StreamEnd.Stalled);
    }

    /// <summary>Carries frames until either side is done. The transport is completed then, and the caller closes it.</summary>
    public async Task<StreamEnd> RunAsync()
    {
        try
        {
            var receiving = ReceiveAsync();
            await SendAsync();
            await receiving;
            return (StreamEnd)Volatile.Read(ref _end);
        }
        finally
        {
            while (_queue.Reader.TryRead(out var frame)) s_frames.Return(frame.Buffer);
            await CompleteAsync();
            _ended.TrySetResult();
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var read = await _transport.Input.ReadAsync();
                if (read.IsCanceled) return;
                var rest = read.Buffer;
                bool goesOn = TakeFrames(ref rest);
                _transport.Input.AdvanceTo(rest.Start, rest.End);
                if (!goesOn || read.IsCompleted) return;
            }
        }
        catch (Exception e) when (IsNetwork(e))
        {
        }
        finally
        {
            Abort(StreamEnd.PeerClosed); // unless it has another reason already
        }
    }

    private bool TakeFrames(ref ReadOnlySequence<byte> stream)
    {
        Cut cut;
        while ((cut = _framing.TryCut(ref stream, out var frame)) is Cut.Frame)
        {
            Volatile.Write(ref _heardAt, _clock.Now.Ticks);
            _counters.CountIn((int)frame.Length);
            if (_received(this, Contiguous(frame)) is not { } why) continue;
            TryEnd(why);
            return false;
        }

        if (cut is Cut.Broken) TryEnd(StreamEnd.FrameTooLong);
        return cut is not Cut.Broken;
    }

    private ReadOnlySpan<byte> Contiguous(in ReadOnlySequence<byte> frame)
    {
        if (frame.IsSingleSegment) return frame.FirstSpan;
        frame.CopyTo(_whole);
        return _whole.AsSpan(0, (int)frame.Length);
    }

    // Ends when the queue is complete and empty, or the connection fails.
    private async Task SendAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync())
            {
                while (_queue.Reader.TryRead(out var frame)) Write(frame);
                Volatile.Write(ref _flushingSince, _clock.Now.Ticks);
                var flush = await _transport.Output.FlushAsync();
                Volatile.Write(ref _flushingSince, Instant.Never.Ticks);
                if (flush.IsCanceled || flush.IsCompleted) break;
            }

            if (Volatile.Read(ref _endBy) == Instant.Never.Ticks) Abort(StreamEnd.PeerClosed);
        }
        catch (Exception e) when (IsNetwork(e))
        {
            Abort(StreamEnd.PeerClosed);
        }
    }

    private void Write(in Frame frame)
    {
        int prefix = _framing.Prefix;
        var room = _transport.Output.GetSpan(prefix + frame.Length);
        _framing.WritePrefix(room, frame.Length);
        frame.Buffer.AsSpan(0, frame.Length).CopyTo(room[prefix..]);
        _transport.Output.Advance(prefix + frame.Length);
        _counters.CountOut(frame.Length);
        s_frames.Return(frame.Buffer);
    }

    private async Task CompleteAsync()
    {
        try
        {
            await _transport.Output.CompleteAsync();
            await _transport.Input.CompleteAsync();
        }
        catch (Exception e) when (IsNetwork(e))
        {
        }
    }

    private bool TryEnd(StreamEnd why) => Interlocked.CompareExchange(ref _end, (int)why, -1) == -1;

    // Kestrel's are of these kinds too.
    private static bool IsNetwork(Exception e)
        => e is IOException or SocketException or OperationCanceledException or ObjectDisposedException;

    private readonly record struct Frame(byte[] Buffer, int Length);
}
