using System.Diagnostics;

namespace Thaw.Relay.Udp;

/// <summary>
/// Many small packets, each of which wakes the loop, cost more in waking than in relaying. At such rates the loop sleeps
/// a little between its turns and takes what has come meanwhile at once. Bursts are at once already.
/// </summary>
internal struct Linger(TimeSpan time)
{
    private const double LeastPerSecond = 2_000;
    private const double LongestRun = 2; // datagrams to one destination on the average; more are bursts

    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(20);

    private long _since;

    public long Arrived;
    public long Sent;
    public long Runs;

    public readonly TimeSpan Time => time;

    public bool IsWorthIt { get; private set; }

    /// <summary>After each turn; draws its conclusion every 20 ms.</summary>
    public void Turn(long timestamp)
    {
        var passed = Stopwatch.GetElapsedTime(_since, timestamp);
        if (passed < Window) return;
        IsWorthIt = time > TimeSpan.Zero && Arrived / passed.TotalSeconds >= LeastPerSecond && Sent <= Runs * LongestRun;
        (_since, Arrived, Sent, Runs) = (timestamp, 0, 0, 0);
    }
}
