using Thaw.Net.Tcp;
using Thaw.Protocol;

namespace Thaw.Net.Loop;

/// <summary>One loop's counters: written by the loop alone, read by anyone.</summary>
internal sealed class Counters
{
    private readonly long[] _drops = new long[Enum.GetValues<DropReason>().Length];
    private long _queueFull;

    public long DatagramsIn, DatagramsOut, BytesIn, BytesOut, Forwarded, SendErrors, ReceiveErrors, MessagesRefused, Crashed;

    public void Drop(DropReason reason) => _drops[(int)reason]++;

    /// <summary>The one counter that other threads write.</summary>
    public void CountQueueFull() => Interlocked.Increment(ref _queueFull);

    public static PeerHostStatistics Sum(IReadOnlyList<Shard> shards, StreamCounters streams, int openStreams)
    {
        long Total(Func<Counters, long> of) => shards.Sum(s => of(s.Counters));

        var drops = new Dictionary<DropReason, long>();
        foreach (var reason in Enum.GetValues<DropReason>())
        {
            if (Total(c => c._drops[(int)reason]) + streams.DropsOf(reason) is > 0 and var count) drops[reason] = count;
        }

        return new PeerHostStatistics
        {
            DatagramsIn = Total(c => c.DatagramsIn),
            DatagramsOut = Total(c => c.DatagramsOut),
            BytesIn = Total(c => c.BytesIn),
            BytesOut = Total(c => c.BytesOut),
            Drops = drops,
            QueueFull = Total(c => Interlocked.Read(ref c._queueFull)),
            MessagesRefused = Total(c => c.MessagesRefused),
            Forwarded = Total(c => c.Forwarded),
            SendErrors = Total(c => c.SendErrors),
            ReceiveErrors = Total(c => c.ReceiveErrors),
            Sessions = shards.Sum(s => s.Load),
            SessionsCrashed = Total(c => c.Crashed),
            Tcp = streams.Read(openStreams),
            Shards = shards.Count,
            ReceiveBufferBytes = shards.Min(s => s.ReceiveBufferBytes),
            SendBufferBytes = shards.Min(s => s.SendBufferBytes),
        };
    }
}
