namespace Thaw.Tests.World;

/// <summary>One direction between two hosts. Jitter reorders by itself.</summary>
/// <param name="Loss">Probability, as are <paramref name="Duplication"/> and <paramref name="Reordering"/>.</param>
/// <param name="Reordering">A packet that so happens to wait comes <see cref="ReorderingMs"/> late.</param>
/// <param name="Mtu">Of the IP packet; bigger ones vanish, as where fragments are filtered.</param>
internal sealed record Link(
    double LatencyMs = 20, double JitterMs = 0, double Loss = 0, double Duplication = 0, double Reordering = 0, int Mtu = ushort.MaxValue)
{
    private const double ReorderingMs = 60;

    public static Link Blocked { get; } = new(Loss: 1);

    /// <summary>A black hole that opens and closes: nothing passes between these two moments of the world.</summary>
    public (TimeSpan From, TimeSpan To)? Outage { get; init; }

    public bool IsOut(TimeSpan at) => Outage is var (from, to) && at >= from && at < to;

    /// <summary>When each copy arrives: usually one.</summary>
    public int Deliveries(Random random, Span<TimeSpan> delays)
    {
        // Always as many draws, so that a change of one probability leaves the rest of the world as it was.
        double loss = random.NextDouble(), copy = random.NextDouble(), first = random.NextDouble(), second = random.NextDouble();
        double late = Reordering > 0 ? random.NextDouble() : 1;
        if (loss < Loss) return 0;
        delays[0] = Delay(first) + (late < Reordering ? TimeSpan.FromMilliseconds(ReorderingMs) : TimeSpan.Zero);
        if (copy >= Duplication) return 1;
        delays[1] = Delay(second);
        return 2;
    }

    private TimeSpan Delay(double unit) => TimeSpan.FromMilliseconds(LatencyMs + JitterMs * unit);
}
