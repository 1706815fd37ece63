using System.Diagnostics;

namespace Thaw.Relay.Udp;

/// <summary>
/// Many small packets, each of which wakes the loop and whoever it sends to, cost more in waking than in relaying. At such
/// rates the loop sleeps between its turns, just long enough for a few to come together. Slower ones are not worth a sleep,
/// faster ones come together by themselves, and so do bursts.
/// </summary>
/// <param name="most">The longest sleep; zero: never.</param>
internal struct Linger(TimeSpan most)
{
    private const double Company = 4;         // packets that a sleep is for
    private const double LeastCompany = 2.5;  // and without which the longest is not worth it
    private const double LongestRun = 2;      // datagrams to one destination on the average; more are bursts

    private static readonly TimeSpan Least = TimeSpan.FromMicroseconds(30);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(20);

    private long _since;

    public long Arrived;
    public long Sent;
    public long Runs;

    /// <summary>How long to sleep before the next turn.</summary>
    public TimeSpan Time { get; private set; }

    /// <summary>After each turn; draws its conclusion every 20 ms.</summary>
    public void Turn(long timestamp)
    {
        var passed = Stopwatch.GetElapsedTime(_since, timestamp);
        if (passed < Window) return;
        double each = passed.TotalSeconds / Math.Max(Arrived, 1);
        var time = TimeSpan.FromSeconds(Math.Min(Company * each, most.TotalSeconds));
        Time = time >= Least && LeastCompany * each <= most.TotalSeconds && Sent <= Runs * LongestRun ? time : TimeSpan.Zero;
        (_since, Arrived, Sent, Runs) = (timestamp, 0, 0, 0);
    }
}
