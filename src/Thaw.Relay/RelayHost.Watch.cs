using System.Diagnostics.Metrics;
using System.Globalization;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Loop;

namespace Thaw.Relay;

public sealed partial class RelayHost
{
    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(5); // a loop goes round every second
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(2);

    private const int AtOnce = 100; // allocations that a loop copies before it goes on serving

    /// <summary>Every number that it counts; whoever listens reads them as they are, and no loop notices.</summary>
    public Meter Meter => _metrics.Value.Meter;

    /// <summary>Of the loops' clock: what snapshots' times are measured by.</summary>
    public Instant Now => Clock.Now;

    internal IReadOnlyList<RelayLoop> AllLoops => _loops;

    internal IReadOnlyList<Streams.StreamListener> StreamListeners => _streams;

    internal int QuotaUsed => _loops[0].Ledger.Count; // which all loops share, as they do the next

    internal int OpenPorts(bool isIPv4) => _loops[0].Open.Count(isIPv4);

    private Clock Clock => _loops[0].Clock;

    /// <summary>What does not work any more, in words without addresses; empty: all of it does.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        foreach (var loop in _loops)
        {
            var silent = Now - loop.RoundedAt;
            if (loop.Ended.IsCompleted && !loop.IsStopping) faults.Add($"Loop {loop.Name} has died: {loop.Ended.Exception?.InnerException?.GetType().Name ?? "it ended"}.");
            else if (silent > LongestRound) faults.Add($"Loop {loop.Name} hangs, for {silent.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture)} s now.");
        }

        faults.AddRange(_streams.Where(stream => stream.IsDead).Select(stream => $"The {(stream.IsSecure ? "TLS" : "TCP")} listener has died."));
        return faults;
    }

    /// <summary>
    /// Looks at the allocations from <paramref name="from"/> on, in the order of loops and within one of age. A loop stops
    /// for as long as it takes to copy a hundred, and serves between one hundred and the next.
    /// </summary>
    /// <exception cref="RelayBusyException">A loop does not answer in time, or has too many questions.</exception>
    public async Task<AllocationPage> SnapshotAsync(AllocationId from, int most, CancellationToken cancel)
    {
        var page = new List<(AllocationId, AllocationSnapshot)>();
        for (int i = Math.Max(0, from.Loop); i < _loops.Length; i++)
        {
            if (_loops[i].Ended.IsCompleted) continue; // what it had nobody can tell; the faults name it
            long next = i == from.Loop ? from.Number : 0;
            for (int asked = AtOnce, got = AtOnce; got == asked;)
            {
                (long first, asked) = (next, Math.Min(AtOnce, most - page.Count + 1)); // the one more is where the next page begins
                var allocations = await AskAsync(_loops[i], (server, now) => server.Snapshot(first, asked, now), cancel);
                got = allocations.Count;
                foreach (var allocation in allocations)
                {
                    if (page.Count == most) return new AllocationPage(page, new AllocationId(i, allocation.Number));
                    page.Add((new AllocationId(i, allocation.Number), allocation));
                    next = allocation.Number + 1;
                }
            }
        }

        return new AllocationPage(page, null);
    }

    private async Task<T> AskAsync<T>(RelayLoop loop, Func<TurnServer, Instant, T> ask, CancellationToken cancel)
    {
        try
        {
            return await loop.AskAsync(ask).WaitAsync(LongestAnswer, Clock.Time, cancel);
        }
        catch (TimeoutException)
        {
            throw new RelayBusyException($"Loop {loop.Name} does not answer.");
        }
    }
}

/// <summary>One allocation among those of all loops: <c>0-17</c>.</summary>
public readonly record struct AllocationId(int Loop, long Number)
{
    public static bool TryParse(string text, out AllocationId id)
    {
        id = default;
        if (text.Split('-') is not [var loop, var number]) return false;
        if (!int.TryParse(loop, NumberStyles.None, CultureInfo.InvariantCulture, out int first)) return false;
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long second)) return false;
        id = new AllocationId(first, second);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Loop}-{Number}");
}

/// <param name="Next">Where the next page begins; null: there is none.</param>
public sealed record AllocationPage(IReadOnlyList<(AllocationId Id, AllocationSnapshot Allocation)> Allocations, AllocationId? Next);

/// <summary>A loop cannot say what it has at this moment.</summary>
public sealed class RelayBusyException(string message) : Exception(message);
