// Stands in for the codecs until they are merged: delete this file then, and adapt Calls/AudioPath.cs and EchoAgent.
namespace Thaw.Voice.Audio;

internal static class AudioCodecs
{
    public static IReadOnlyList<string> Available() => ["PCMU", "PCMA"];
}

/// <summary>Energy with hysteresis.</summary>
public sealed class VoiceActivity(int sampleRate)
{
    private readonly int _hangover = sampleRate > 0 ? 15 : 0;
    private int _quiet = int.MaxValue;

    /// <summary>True while somebody speaks.</summary>
    public bool Process(ReadOnlySpan<short> frame)
    {
        long energy = 0;
        foreach (short s in frame) energy += (long)s * s;
        _quiet = energy / Math.Max(1, frame.Length) > 500 * 500 ? 0 : Math.Min(_quiet, int.MaxValue - 1) + 1;
        return _quiet <= _hangover;
    }
}

internal sealed class G711(bool aLaw)
{
    public void Decode(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        for (int i = 0; i < payload.Length; i++) pcm[i] = aLaw ? FromALaw(payload[i]) : FromMuLaw(payload[i]);
    }

    public void Encode(ReadOnlySpan<short> pcm, Span<byte> payload)
    {
        for (int i = 0; i < pcm.Length; i++) payload[i] = aLaw ? ToALaw(pcm[i]) : ToMuLaw(pcm[i]);
    }

    private static short FromMuLaw(byte code)
    {
        int u = ~code, t = (((u & 15) << 3) + 132) << ((u >> 4) & 7);
        return (short)((u & 128) != 0 ? 132 - t : t - 132);
    }

    private static byte ToMuLaw(short sample)
    {
        int sign = sample < 0 ? 128 : 0, m = Math.Min(Math.Abs((int)sample), 32635) + 132;
        int e = Math.Max(0, 31 - int.LeadingZeroCount(m) - 7);
        return (byte)~(sign | e << 4 | m >> (e + 3) & 15);
    }

    private static short FromALaw(byte code)
    {
        int a = code ^ 0x55, e = (a >> 4) & 7, m = ((a & 15) << 4) + 8;
        if (e > 0) m = (m + 256) << (e - 1);
        return (short)((a & 128) != 0 ? m : -m);
    }

    private static byte ToALaw(short sample)
    {
        int sign = sample >= 0 ? 128 : 0, m = Math.Min(sample >= 0 ? sample : ~sample, 32635);
        int e = m < 256 ? 0 : 31 - int.LeadingZeroCount(m) - 7;
        int code = sign | e << 4 | (e == 0 ? m >> 4 : m >> (e + 3)) & 15;
        return (byte)(code ^ 0x55);
    }
}
