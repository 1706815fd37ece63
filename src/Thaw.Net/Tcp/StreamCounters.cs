using Thaw.Protocol;

namespace Thaw.Net.Tcp;

/// <summary>What all TCP connections of a host did. Written by any thread.</summary>
internal sealed class StreamCounters
{
    private readonly long[] _drops = new long[Enum.GetValues<DropReason>().Length];
    private readonly long[] _ended = new long[Enum.GetValues<StreamEnd>().Length];
    private long _accepted, _framesIn, _framesOut, _bytesIn, _bytesOut, _queueFull, _acceptErrors;

    public void CountAccepted() => Interlocked.Increment(ref _accepted);

    public void CountAcceptError() => Interlocked.Increment(ref _acceptErrors);

    public void CountEnd(StreamEnd why) => Interlocked.Increment(ref _ended[(int)why]);

    public void CountQueueFull() => Interlocked.Increment(ref _queueFull);

    public void Drop(DropReason reason) => Interlocked.Increment(ref _drops[(int)reason]);

    public long DropsOf(DropReason reason) => Interlocked.Read(ref _drops[(int)reason]);

    public void CountIn(int bytes)
    {
        Interlocked.Increment(ref _framesIn);
        Interlocked.Add(ref _bytesIn, bytes);
    }

    public void CountOut(int bytes)
    {
        Interlocked.Increment(ref _framesOut);
        Interlocked.Add(ref _bytesOut, bytes);
    }

    public TcpStatistics Read(int open) => new()
    {
        Open = open,
        Accepted = Interlocked.Read(ref _accepted),
        Ended = Enum.GetValues<StreamEnd>().Where(why => Interlocked.Read(ref _ended[(int)why]) > 0)
            .ToDictionary(why => why, why => Interlocked.Read(ref _ended[(int)why])),
        FramesIn = Interlocked.Read(ref _framesIn),
        FramesOut = Interlocked.Read(ref _framesOut),
        BytesIn = Interlocked.Read(ref _bytesIn),
        BytesOut = Interlocked.Read(ref _bytesOut),
        QueueFull = Interlocked.Read(ref _queueFull),
        AcceptErrors = Interlocked.Read(ref _acceptErrors),
    };
}

/// <summary>The TCP connections of a host since it opened.</summary>
public sealed record TcpStatistics
{
    public int Open { get; init; }

    public long Accepted { get; init; }

    /// <summary>Connections that are over or were refused, by the reason. Reasons that never occurred are absent.</summary>
    public IReadOnlyDictionary<StreamEnd, long> Ended { get; init; } = new Dictionary<StreamEnd, long>();

    public long FramesIn { get; init; }
    public long FramesOut { get; init; }
    public long BytesIn { get; init; }
    public long BytesOut { get; init; }

    /// <summary>Frames dropped because the connection took no more.</summary>
    public long QueueFull { get; init; }

    public long AcceptErrors { get; init; }

    public long EndedBy(StreamEnd why) => Ended.GetValueOrDefault(why);
}
