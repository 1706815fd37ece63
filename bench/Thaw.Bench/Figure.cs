using System.Globalization;

namespace Thaw.Bench;

/// <summary>One figure over all its runs.</summary>
internal sealed record Figure(double Median, double Min, double Max, int Runs)
{
    public static Figure Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted is [] ? new(double.NaN, double.NaN, double.NaN, 0) : new(Quantile(sorted, 0.5), sorted[0], sorted[^1], sorted.Length);
    }

    /// <summary>Linear between neighbours, so that the median of an even number is the mean of the middle two.</summary>
    public static double Quantile(ReadOnlySpan<double> sorted, double share)
    {
        double at = share * (sorted.Length - 1);
        int below = (int)at, above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Median:0.0} ({Min:0.0}..{Max:0.0})");
}
