using System.Buffers;
using System.Threading.Channels;
using Thaw.Protocol;

namespace Thaw.Net.Loop;

internal enum WorkKind : byte { Datagram, Audio, Message, Errand, PathClosed }

/// <summary>One input from another thread. <see cref="Buffer"/> is rented.</summary>
internal readonly struct Work
{
    public WorkKind Kind { get; init; }
    public bool Flag { get; init; }        // marker of audio, isText of a message
    public ushort Stream { get; init; }
    public uint Timestamp { get; init; }
    public byte[]? Buffer { get; init; }
    public int Length { get; init; }
    public Flow Flow { get; init; }
    public Errand? Errand { get; init; }

    public ReadOnlySpan<byte> Payload => Buffer.AsSpan(0, Length);
}

/// <summary>A peer, who listens to it, and its inbox. Public members are for any thread, the others for the loop.</summary>
internal sealed class Session
{
    private static readonly ArrayPool<byte> s_datagrams = ArrayPool<byte>.Create(Output.BufferLength, 1024);

    private readonly Channel<Work> _inbox;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _maxForwarded;
    private int _forwarded;
    private int _scheduled;
    private volatile bool _closeRequested;

    public Session(IHostedPeer peer, IPeerListener listener, Shard shard, RouteTable routes, int queueLength)
    {
        Peer = peer;
        Listener = listener;
        Shard = shard;
        Routes = new SessionRoutes(routes, this);
        _maxForwarded = Math.Max(1, queueLength / 2); // forwarded datagrams leave room for the application
        _inbox = Channel.CreateBounded<Work>(new BoundedChannelOptions(queueLength) { SingleReader = true });
    }

    public IHostedPeer Peer { get; }

    public IPeerListener Listener { get; }

    public Shard Shard { get; }

    public Task Completion => _ended.Task;

    public async ValueTask<T> PostAsync<T>(Func<Instant, T> action, CancellationToken cancel)
    {
        var errand = new Errand<T>(action, cancel);
        try
        {
            await _inbox.Writer.WriteAsync(new Work { Kind = WorkKind.Errand, Errand = errand }, cancel);
        }
        catch (ChannelClosedException)
        {
            throw PeerHostException.SessionClosed();
        }

        Schedule();
        return await errand.Done.WaitAsync(cancel);
    }

    public bool TrySendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker)
        => TryPut(new Work { Kind = WorkKind.Audio, Timestamp = timestamp, Flag = marker, Buffer = Copy(payload), Length = payload.Length });

    public bool TrySendMessage(ushort stream, bool isText, ReadOnlySpan<byte> data)
        => TryPut(new Work { Kind = WorkKind.Message, Stream = stream, Flag = isText, Buffer = Copy(data), Length = data.Length });

    public void Close()
    {
        _closeRequested = true;
        Schedule();
    }

    /// <summary>From the loop that received a datagram to the one that owns its session.</summary>
    public bool TryForward(in Flow flow, ReadOnlySpan<byte> payload)
    {
        if (Interlocked.Increment(ref _forwarded) <= _maxForwarded)
        {
            var work = new Work { Kind = WorkKind.Datagram, Flow = flow, Buffer = Copy(payload), Length = payload.Length };
            if (_inbox.Writer.TryWrite(work))
            {
                Schedule();
                return true;
            }
            Release(work);
        }
        Interlocked.Decrement(ref _forwarded);
        return false;
    }

    /// <summary>A stream of this session has ended. With a full inbox it learns so when consent runs out.</summary>
    public void TryTellPathClosed(in Flow flow)
    {
        if (_inbox.Writer.TryWrite(new Work { Kind = WorkKind.PathClosed, Flow = flow })) Schedule();
    }

    internal SessionRoutes Routes { get; }

    internal Instant WakeAt { get; set; } = Instant.Never;

    internal int HeapIndex { get; set; } = -1;

    internal bool HasEnded { get; private set; }

    internal bool CloseRequested => _closeRequested;

    /// <summary>Work that arrives from here on schedules the session anew.</summary>
    internal void BeginTurn() => Interlocked.Exchange(ref _scheduled, 0);

    internal bool TryTake(out Work work)
    {
        if (!_inbox.Reader.TryRead(out work)) return false;
        if (work.Kind is WorkKind.Datagram) Interlocked.Decrement(ref _forwarded);
        return true;
    }

    internal void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0) Shard.Schedule(this);
    }

    internal static void Release(in Work work)
    {
        if (work.Buffer is { } buffer) PoolFor(buffer.Length).Return(buffer);
    }

    /// <summary>Refuses what comes and abandons what waits.</summary>
    internal void End(Exception? crash)
    {
        HasEnded = true;
        _inbox.Writer.TryComplete();
        while (_inbox.Reader.TryRead(out var work))
        {
            Release(work);
            work.Errand?.Abandon(crash ?? PeerHostException.SessionClosed());
        }

        if (crash is null)
        {
            _ended.TrySetResult();
            return;
        }
        _ended.TrySetException(crash);
        _ = _ended.Task.Exception; // observed: not everyone watches Completion
    }

    private bool TryPut(in Work work)
    {
        if (_inbox.Writer.TryWrite(work))
        {
            Schedule();
            return true;
        }

        Release(work);
        if (!_ended.Task.IsCompleted) Shard.Counters.CountQueueFull();
        return false;
    }

    private static byte[] Copy(ReadOnlySpan<byte> data)
    {
        byte[] buffer = PoolFor(data.Length).Rent(data.Length);
        data.CopyTo(buffer);
        return buffer;
    }

    // Bursts have hundreds of datagrams in flight from one thread to another, more than the shared pool keeps.
    private static ArrayPool<byte> PoolFor(int length) => length <= Output.BufferLength ? s_datagrams : ArrayPool<byte>.Shared;
}
