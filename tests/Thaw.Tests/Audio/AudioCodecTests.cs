using Thaw.Voice.Audio;
using Xunit;

namespace Thaw.Tests.Audio;

public sealed class AudioCodecTests
{
    private const double Hertz = 500;

    public static TheoryData<string, int> CodecsAndRates => new()
    {
        { "opus", 48000 }, { "opus", 16000 }, { "PCMU", 8000 }, { "PCMU", 16000 }, { "PCMU", 48000 }, { "PCMA", 8000 }, { "PCMA", 48000 },
    };

    [Theory, MemberData(nameof(CodecsAndRates))]
    public void A_tone_comes_through_at_the_agents_rate(string codec, int rate)
    {
        using var encoder = Codecs(codec).CreateEncoder(codec, rate);
        using var decoder = Codecs(codec).CreateDecoder(codec, rate);
        short[] input = Tone.Sine(Hertz, rate, rate), output = new short[rate + 6 * encoder.FrameLength];
        byte[] payload = new byte[1275];
        int made = 0;

        for (int at = 0; at < input.Length; at += encoder.FrameLength)
        {
            int length = encoder.Encode(input.AsSpan(at, encoder.FrameLength), payload);
            Assert.Equal((int)encoder.FrameTicks, decoder.DurationOf(payload.AsSpan(0, length)));
            made += decoder.Decode(payload.AsSpan(0, length), output.AsSpan(made));
        }

        Assert.Equal(rate, made);
        Assert.Equal(codec == "opus" ? 48000 : 8000, decoder.ClockRate);
        Assert.InRange(Tone.AmplitudeOf(output.AsSpan(rate / 2, rate / 4), Hertz, rate), 8500, 11500);
    }

    [Theory, MemberData(nameof(CodecsAndRates))]
    public void A_lost_frame_is_concealed_by_something_like_its_neighbours(string codec, int rate)
    {
        using var encoder = Codecs(codec).CreateEncoder(codec, rate);
        using var decoder = Codecs(codec).CreateDecoder(codec, rate);
        short[] input = Tone.Sine(Hertz, rate, rate / 2), output = new short[8 * encoder.FrameLength];
        byte[] payload = new byte[1275];
        int length = 0;
        for (int at = 0; at < input.Length; at += encoder.FrameLength)
        {
            length = encoder.Encode(input.AsSpan(at, encoder.FrameLength), payload);
            if (at + encoder.FrameLength < input.Length) decoder.Decode(payload.AsSpan(0, length), output);
        }

        var frame = output.AsSpan(0, encoder.FrameLength);
        decoder.Conceal(frame, payload.AsSpan(0, length)); // with the packet behind the gap
        Assert.InRange(Tone.AmplitudeOf(frame, Hertz, rate), 1000, 15000);

        for (int i = 0; i < 50; i++) decoder.Conceal(frame, default);
        Assert.InRange(Tone.AmplitudeOf(frame, Hertz, rate), 0, 200); // and fades away
    }

    [Theory, MemberData(nameof(CodecsAndRates))]
    public void Garbage_never_throws(string codec, int rate)
    {
        using var decoder = Codecs(codec).CreateDecoder(codec, rate);
        short[] pcm = new short[rate * 12 / 100];
        var random = new Random(5);

        for (int i = 0; i < 60; i++)
        {
            byte[] payload = new byte[random.Next(0, 1500)];
            random.NextBytes(payload);
            Assert.InRange(decoder.Decode(payload, pcm), 0, pcm.Length);
            Assert.InRange(decoder.DurationOf(payload), 0, decoder.ClockRate * 12 / 100);
        }
    }

    [Theory, MemberData(nameof(CodecsAndRates))]
    public void No_frame_costs_an_allocation(string codec, int rate)
    {
        using var encoder = Codecs(codec).CreateEncoder(codec, rate);
        using var decoder = Codecs(codec).CreateDecoder(codec, rate);
        short[] input = Tone.Sine(Hertz, rate, encoder.FrameLength), output = new short[6 * encoder.FrameLength];
        byte[] payload = new byte[1275];
        Exchange();

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++) Exchange();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Exchange()
        {
            int length = encoder.Encode(input, payload);
            decoder.Decode(payload.AsSpan(0, length), output);
            decoder.Conceal(output.AsSpan(0, input.Length), default);
        }
    }

    [Fact]
    public void Opus_at_32_kbit_s_is_32_kbit_s()
    {
        using var encoder = Codecs("opus").CreateEncoder("opus", 48000);
        short[] speechLike = Tone.Noise(48000, 4000, new Random(3));
        byte[] payload = new byte[1275];
        int bytes = 0;

        for (int at = 0; at < speechLike.Length; at += 960) bytes += encoder.Encode(speechLike.AsSpan(at, 960), payload);

        Assert.InRange(8 * bytes, 20_000, 40_000);
    }

    [Fact]
    public void Without_libopus_G_711_remains_and_the_reason_is_said()
    {
        var codecs = AudioCodecs.WithoutOpus("none of libopus.so.0 is installed");

        Assert.Equal(["PCMU", "PCMA"], codecs.Names);
        Assert.Equal("G.711 only; no Opus: none of libopus.so.0 is installed", codecs.Description);
        Assert.Throws<ArgumentException>(() => codecs.CreateDecoder("opus", 48000));
    }

    private static AudioCodecs Codecs(string needed)
    {
        var codecs = AudioCodecs.Available();
        Assert.SkipUnless(codecs.Names.Contains(needed), codecs.Description);
        return codecs;
    }
}
