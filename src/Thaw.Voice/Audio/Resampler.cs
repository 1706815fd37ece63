using System.Numerics;

namespace Thaw.Voice.Audio;

/// <summary>
/// A streaming polyphase resampler for mono between rates of which one is a multiple of the other: 8, 16, 24 and
/// 48 kHz. Whole milliseconds in give whole milliseconds out; nothing is allocated after construction.
/// </summary>
public sealed class Resampler
{
    // Per sample of the slower rate. With this window: flat to 0.43 of that rate, 70 dB down from 0.52 on,
    // and a delay of half of it: 3 ms at 8 kHz.
    private const int TapsPerSlowSample = 48;
    private const double KaiserBeta = 7;
    private const double Cutoff = 0.475; // of the slower rate
    private const int MaxBlock = 960;

    private readonly int _up, _down, _taps;
    private readonly float[] _phases; // _up filters of _taps coefficients, newest sample's coefficient last
    private readonly float[] _recent; // _taps − 1 earlier samples, then the block
    private int _next;                // the next output's place in the block, in 1/_up of an input sample

    public Resampler(int fromRate, int toRate)
    {
        if (fromRate <= 0 || toRate <= 0 || (fromRate % toRate != 0 && toRate % fromRate != 0))
            throw new ArgumentException($"{fromRate} Hz and {toRate} Hz are not multiples of each other.");

        (_up, _down) = toRate >= fromRate ? (toRate / fromRate, 1) : (1, fromRate / toRate);
        _taps = TapsPerSlowSample * _down;
        _phases = Design(_up, _down, _taps);
        _recent = new float[_taps - 1 + MaxBlock];
    }

    /// <summary>Takes all of the input and returns how many samples it made.</summary>
    public int Process(ReadOnlySpan<short> input, Span<short> output)
    {
        int made = 0;
        for (; !input.IsEmpty; input = input[int.Min(MaxBlock, input.Length)..])
            made += ProcessBlock(input[..int.Min(MaxBlock, input.Length)], output[made..]);
        return made;
    }

    private int ProcessBlock(ReadOnlySpan<short> block, Span<short> output)
    {
        var fresh = _recent.AsSpan(_taps - 1);
        for (int i = 0; i < block.Length; i++) fresh[i] = block[i];

        int made = 0;
        for (; _next < block.Length * _up; _next += _down)
        {
            var (at, phase) = Math.DivRem(_next, _up);
            float sample = Dot(_recent.AsSpan(at, _taps), _phases.AsSpan(phase * _taps, _taps));
            output[made++] = (short)float.Clamp(float.Round(sample), short.MinValue, short.MaxValue);
        }

        _next -= block.Length * _up;
        _recent.AsSpan(block.Length, _taps - 1).CopyTo(_recent);
        return made;
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = Vector<float>.Zero;
        int i = 0;
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
            sum += new Vector<float>(a[i..]) * new Vector<float>(b[i..]);

        float total = Vector.Sum(sum);
        for (; i < a.Length; i++) total += a[i] * b[i];
        return total;
    }

    // A Kaiser-windowed sinc at the faster rate, split by phase. Each phase is scaled to unit gain at DC, so that a
    // constant comes out constant.
    private static float[] Design(int up, int down, int taps)
    {
        int length = taps * up;
        double cutoff = Cutoff / int.Max(up, down), centre = (length - 1) / 2.0;
        float[] phases = new float[length];

        for (int phase = 0; phase < up; phase++)
        {
            var filter = phases.AsSpan(phase * taps, taps);
            for (int tap = 0; tap < taps; tap++)
            {
                double x = phase + up * tap - centre;
                filter[taps - 1 - tap] = (float)(Sinc(2 * cutoff * x) * Kaiser(x / (length / 2.0)));
            }

            float gain = 0;
            foreach (float coefficient in filter) gain += coefficient;
            foreach (ref float coefficient in filter) coefficient /= gain;
        }

        return phases;
    }

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);

    private static double Kaiser(double x) => BesselI0(KaiserBeta * Math.Sqrt(double.Max(0, 1 - x * x))) / BesselI0(KaiserBeta);

    private static double BesselI0(double x)
    {
        double sum = 1, term = 1;
        for (int k = 1; term > 1e-12 * sum; k++)
        {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }

        return sum;
    }
}
