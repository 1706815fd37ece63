using System.Diagnostics;
using System.Numerics;

namespace Thaw.Load;

/// <summary>Times in buckets of 3 %, from nanoseconds to minutes; nothing is allocated for one more.</summary>
internal sealed class Latencies
{
    private const int Bits = 5; // 32 buckets for each doubling

    private readonly long[] _counts = new long[(64 - Bits) << Bits];
    private long _total;

    /// <param name="ticks">Of the <see cref="Stopwatch"/>.</param>
    public void Add(long ticks)
    {
        _counts[Bucket((ulong)Math.Max(1, ticks))]++;
        _total++;
    }

    public void Clear()
    {
        Array.Clear(_counts);
        _total = 0;
    }

    /// <returns>Microseconds that <paramref name="share"/> of all stayed below; NaN without any.</returns>
    public double Quantile(double share)
    {
        long rank = (long)Math.Ceiling(share * _total), seen = 0;
        for (int i = 0; i < _counts.Length && _total > 0; i++)
            if ((seen += _counts[i]) >= rank && seen > 0) return Upper(i) * 1e6 / Stopwatch.Frequency;
        return double.NaN;
    }

    private static int Bucket(ulong ticks)
    {
        int shift = Math.Max(0, BitOperations.Log2(ticks) - Bits);
        return (shift << Bits) + (int)(ticks >> shift);
    }

    private static double Upper(int bucket)
    {
        int shift = Math.Max(0, (bucket >> Bits) - 1);
        return ((ulong)(bucket - (shift << Bits)) + 1.0) * Math.Pow(2, shift);
    }
}
