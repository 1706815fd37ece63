namespace Thaw.Bench.Sessions;

/// <summary>A histogram in steps of 50 µs up to a second, written by one loop.</summary>
internal sealed class Delays
{
    private const double Step = 0.05;

    private readonly int[] _counts = new int[20_000];

    public bool On { get; set; }

    public void Add(TimeSpan delay) => _counts[(int)Math.Clamp(delay.TotalMilliseconds / Step, 0, _counts.Length - 1)]++;

    /// <summary>In milliseconds.</summary>
    public double Quantile(double share)
    {
        long wanted = (long)(_counts.Sum(c => (long)c) * share), seen = 0;
        for (int i = 0; i < _counts.Length; i++)
            if ((seen += _counts[i]) > wanted) return (i + 1) * Step;
        return double.NaN;
    }
}
