using Thaw.Voice.Audio;
using Xunit;

namespace Thaw.Tests.Audio;

public sealed class ResamplerTests
{
    public static TheoryData<int, int> Rates => new()
    {
        { 8000, 48000 }, { 48000, 8000 }, { 8000, 16000 }, { 16000, 8000 }, { 16000, 48000 }, { 48000, 16000 }, { 24000, 48000 },
    };

    [Theory, MemberData(nameof(Rates))]
    public void A_tone_keeps_its_pitch_and_level(int from, int to)
    {
        double hertz = 0.375 * int.Min(from, to); // 3 kHz of 8 kHz
        short[] output = Resample(from, to, Tone.Sine(hertz, from, from));

        Assert.Equal(to, output.Length);
        Assert.InRange(Tone.AmplitudeOf(output.AsSpan(to / 10, to / 2), hertz, to), 9900, 10100);
    }

    [Theory, MemberData(nameof(Rates))]
    public void What_the_slower_rate_cannot_carry_is_70_dB_down(int from, int to)
    {
        int slow = int.Min(from, to);
        double hertz = from > to ? 0.625 * slow : 0.25 * slow;       // would alias to 0.375, or leave an image at 0.75
        double unwanted = from > to ? 0.375 * slow : 0.75 * slow;
        short[] output = Resample(from, to, Tone.Sine(hertz, from, from));

        Assert.InRange(Tone.AmplitudeOf(output.AsSpan(to / 10, to / 2), unwanted, to), 0, 10000 * 0.000316);
    }

    [Fact]
    public void Full_scale_does_not_wrap_around()
    {
        short[] square = [.. Enumerable.Range(0, 8000).Select(i => i / 20 % 2 == 0 ? short.MaxValue : short.MinValue)];
        short[] output = Resample(8000, 48000, square);

        for (int i = 1; i < output.Length; i++) Assert.InRange(output[i] - output[i - 1], -16000, 16000);
    }

    [Theory, MemberData(nameof(Rates))]
    public void How_the_input_is_cut_makes_no_difference(int from, int to)
    {
        short[] input = Tone.Noise(from / 10, 9000, new Random(1));
        short[] whole = Resample(from, to, input);
        var resampler = new Resampler(from, to);
        var random = new Random(2);
        List<short> pieces = [];
        short[] buffer = new short[10000];

        for (int at = 0; at < input.Length;)
        {
            int length = int.Min(random.Next(1, 1500), input.Length - at);
            pieces.AddRange(buffer[..resampler.Process(input.AsSpan(at, length), buffer)]);
            at += length;
        }

        Assert.Equal(whole, pieces);
    }

    [Fact]
    public void No_frame_costs_an_allocation()
    {
        var resampler = new Resampler(48000, 8000);
        short[] input = new short[960], output = new short[160];
        resampler.Process(input, output);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++) resampler.Process(input, output);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Rates_that_do_not_divide_each_other_are_refused()
        => Assert.Throws<ArgumentException>(() => new Resampler(44100, 48000));

    private static short[] Resample(int from, int to, short[] input)
    {
        short[] output = new short[(int)((long)input.Length * to / from) + 1];
        return output[..new Resampler(from, to).Process(input, output)];
    }
}
