namespace Thaw.Tests.Audio;

/// <summary>Signals to listen to, and ears.</summary>
internal static class Tone
{
    public static short[] Sine(double hertz, int rate, int samples, double amplitude = 10000, double phase = 0)
        => [.. Enumerable.Range(0, samples).Select(i => (short)Math.Round(amplitude * Math.Sin(2 * Math.PI * hertz * i / rate + phase)))];

    public static short[] Noise(int samples, double amplitude, Random random)
        => [.. Enumerable.Range(0, samples).Select(_ => (short)((random.NextDouble() * 2 - 1) * amplitude))];

    /// <summary>The amplitude of one frequency in a signal (Goertzel's question, asked plainly).</summary>
    public static double AmplitudeOf(ReadOnlySpan<short> signal, double hertz, int rate)
    {
        double re = 0, im = 0;
        for (int i = 0; i < signal.Length; i++)
        {
            double angle = 2 * Math.PI * hertz * i / rate;
            re += signal[i] * Math.Cos(angle);
            im += signal[i] * Math.Sin(angle);
        }

        return 2 * Math.Sqrt(re * re + im * im) / signal.Length;
    }
}
