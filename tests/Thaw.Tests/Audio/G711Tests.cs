using Thaw.Voice.Audio;
using Xunit;

namespace Thaw.Tests.Audio;

public sealed class G711Tests
{
    // ITU-T G.711 tables 1a/1b and 2a/2b, decision and output values on the 16-bit scale.
    [Theory]
    [InlineData(0x00, -32124)]
    [InlineData(0x80, 32124)]
    [InlineData(0xFF, 0)]
    [InlineData(0x7F, 0)]
    [InlineData(0x0F, -16764)]
    [InlineData(0x8F, 16764)]
    [InlineData(0xFE, 8)]
    [InlineData(0xEF, 132)]
    public void Mu_law_codes_have_the_standards_values(byte code, short sample) => Assert.Equal(sample, G711.DecodeMuLaw(code));

    [Theory]
    [InlineData(0xD5, 8)]
    [InlineData(0x55, -8)]
    [InlineData(0xAA, 32256)]
    [InlineData(0x2A, -32256)]
    [InlineData(0xC5, 264)]
    [InlineData(0x80, 5504)]
    public void A_law_codes_have_the_standards_values(byte code, short sample) => Assert.Equal(sample, G711.DecodeALaw(code));

    [Fact]
    public void Every_code_survives_decoding_and_encoding()
    {
        for (int code = 0; code < 256; code++)
        {
            Assert.Equal(code, G711.EncodeALaw(G711.DecodeALaw((byte)code)));
            int expected = code == 0x7F ? 0xFF : code; // µ-law's minus zero
            Assert.Equal(expected, G711.EncodeMuLaw(G711.DecodeMuLaw((byte)code)));
        }
    }

    // ITU-T G.711 tables 5 and 6: one period of a 1 kHz tone at a nominal level of 0 dBm0, 3.17 or 3.14 dB
    // below the sine that just reaches the virtual decision value 8159 or 4096.
    [Fact]
    public void The_standards_digital_milliwatt_is_0_dBm0()
    {
        byte[] mu = [0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E], a = [0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4];

        Assert.InRange(BelowLargestSine(mu.Select(G711.DecodeMuLaw), 8159 << 2), -3.19, -3.15);
        Assert.InRange(BelowLargestSine(a.Select(G711.DecodeALaw), 4096 << 3), -3.16, -3.12);

        static double BelowLargestSine(IEnumerable<short> samples, double largest)
            => 10 * Math.Log10(samples.Average(s => (double)s * s) / (largest * largest / 2));
    }

    [Fact]
    public void No_sample_is_further_from_its_code_than_half_a_step()
    {
        for (int sample = short.MinValue; sample <= short.MaxValue; sample++)
        {
            int size = Math.Abs(sample);
            int muError = Math.Abs(G711.DecodeMuLaw(G711.EncodeMuLaw((short)sample)) - sample);
            int aError = Math.Abs(G711.DecodeALaw(G711.EncodeALaw((short)sample)) - sample);
            Assert.True(muError <= Math.Max(4, (size + 132) / 32.0) || size > 32124); // half of a 16th of a (biased) segment; above is clipped
            Assert.True(aError <= Math.Max(8, size / 32.0));
        }
    }
}
