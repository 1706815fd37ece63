namespace Thaw.Tests.World;

/// <summary>One direction between two hosts. Jitter reorders by itself.</summary>
/// <param name="Loss">Probability, as is <paramref name="Duplication"/>.</param>
internal sealed record Link(double LatencyMs = 20, double JitterMs = 0, double Loss = 0, double Duplication = 0)
{
    public static Link Blocked { get; } = new(Loss: 1);

    /// <summary>When each copy arrives: usually one.</summary>
    public IReadOnlyList<TimeSpan> Deliveries(Random random)
    {
        // Always as many draws, so that a change of one probability leaves the rest of the world as it was.
        double loss = random.NextDouble(), copy = random.NextDouble(), first = random.NextDouble(), second = random.NextDouble();
        if (loss < Loss) return [];
        return copy < Duplication ? [Delay(first), Delay(second)] : [Delay(first)];

        TimeSpan Delay(double unit) => TimeSpan.FromMilliseconds(LatencyMs + JitterMs * unit);
    }
}
