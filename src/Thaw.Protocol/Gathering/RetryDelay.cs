using System.Security.Cryptography;

namespace Thaw.Protocol.Gathering;

/// <summary>How long a server is left alone after a failure.</summary>
internal static class RetryDelay
{
    private const int MaxDoublings = 6;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Crowded = TimeSpan.FromMinutes(1); // RFC 8656 §7.4: at least a minute after 486 and 508

    /// <param name="failures">In a row, this one included.</param>
    public static TimeSpan After(GatheringFailure cause, int failures, RandomNumberGenerator random) => Jitter.Around(cause switch
    {
        GatheringFailure.QuotaReached or GatheringFailure.InsufficientCapacity => 1.25 * Crowded, // less the jitter: still a minute
        GatheringFailure.AllocationMismatch or GatheringFailure.NonceLoop => Crowded,
        GatheringFailure.Timeout or GatheringFailure.ConnectionFailed or GatheringFailure.DialTimeout or GatheringFailure.Expired
            or GatheringFailure.ServerError or GatheringFailure.BadAnswer => Doubled(failures),
        _ => Longest, // somebody must change something
    }, random);

    private static TimeSpan Doubled(int failures)
    {
        var delay = First * (1 << Math.Clamp(failures - 1, 0, MaxDoublings));
        return delay < Longest ? delay : Longest;
    }
}

internal static class Jitter
{
    /// <summary>Within 20 % of <paramref name="time"/>, so that hosts that started together drift apart.</summary>
    public static TimeSpan Around(TimeSpan time, RandomNumberGenerator random)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        random.GetBytes(bytes);
        return time * (0.8 + 0.4 * BitConverter.ToUInt16(bytes) / ushort.MaxValue);
    }
}
