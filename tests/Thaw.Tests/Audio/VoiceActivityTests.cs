using Thaw.Voice.Audio;
using Xunit;

namespace Thaw.Tests.Audio;

public sealed class VoiceActivityTests
{
    private const int Rate = 16000;
    private const int Frame = Rate / 50;

    [Theory]
    [InlineData(0)]    // digital silence
    [InlineData(30)]   // a quiet room
    [InlineData(300)]  // a noisy one
    public void Two_bursts_in_noise_start_and_stop_twice(double noise)
    {
        var changes = Listen(noise, (2000, 3000, 6000), (5000, 6000, 6000));

        Assert.Equal([VoiceChange.Started, VoiceChange.Stopped, VoiceChange.Started, VoiceChange.Stopped], changes.Select(c => c.Change));
        Assert.InRange(changes[0].At, 2060, 2120);
        Assert.InRange(changes[1].At, 3560, 3700);
        Assert.InRange(changes[2].At, 5060, 5120);
    }

    [Fact]
    public void Noise_alone_is_not_speech() => Assert.Empty(Listen(150));

    [Fact]
    public void Noise_that_is_loud_from_the_start_is_learned_within_two_seconds()
    {
        var changes = Listen(2000);

        Assert.True(changes is [] or [(VoiceChange.Started, _), (VoiceChange.Stopped, < 2000)]);
    }

    [Fact]
    public void A_click_is_not_speech() => Assert.Empty(Listen(10, (2000, 2040, 20000)));

    [Fact]
    public void A_pause_within_a_sentence_does_not_end_it()
        => Assert.Equal(
            [VoiceChange.Started, VoiceChange.Stopped],
            Listen(20, (1000, 1800, 5000), (2200, 3000, 5000)).Select(c => c.Change));

    [Fact]
    public void No_frame_costs_an_allocation()
    {
        var detector = new VoiceActivity();
        short[] frame = new short[Frame];
        detector.Process(frame);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++) detector.Process(frame);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Eight seconds of noise with bursts of tone: when what changed, in ms.</summary>
    private static List<(VoiceChange Change, int At)> Listen(double noise, params (int From, int To, double Amplitude)[] bursts)
    {
        short[] signal = Tone.Noise(8 * Rate, noise, new Random(7));
        foreach (var (from, to, amplitude) in bursts)
        {
            short[] tone = Tone.Sine(300, Rate, (to - from) * Rate / 1000, amplitude);
            for (int i = 0; i < tone.Length; i++) signal[from * Rate / 1000 + i] += tone[i];
        }

        var detector = new VoiceActivity();
        List<(VoiceChange, int)> changes = [];
        for (int at = 0; at < signal.Length; at += Frame)
            if (detector.Process(signal.AsSpan(at, Frame)) is var change and not VoiceChange.None)
                changes.Add((change, (at + Frame) * 1000 / Rate));
        return changes;
    }
}
