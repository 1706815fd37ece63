using System.Numerics;

namespace Thaw.Voice.Audio;

/// <summary>The two logarithmic laws of ITU-T G.711, on 16-bit samples.</summary>
internal static class G711
{
    private const int MuLawBias = 33 << 2;      // G.711 table 2a, on the 16-bit scale
    private const int MuLawClip = 8158 << 2;
    private const byte ALawInversion = 0x55;    // G.711 §3.3: even bits are inverted on the line

    private static readonly short[] MuLaw = [.. Enumerable.Range(0, 256).Select(code => ExpandMuLaw((byte)code))];
    private static readonly short[] ALaw = [.. Enumerable.Range(0, 256).Select(code => ExpandALaw((byte)code))];

    public static short DecodeMuLaw(byte code) => MuLaw[code];

    public static short DecodeALaw(byte code) => ALaw[code];

    public static byte EncodeMuLaw(short sample)
    {
        int magnitude = int.Min(Math.Abs((int)sample), MuLawClip) + MuLawBias;
        int segment = BitOperations.Log2((uint)magnitude) - 7;
        int code = segment << 4 | (magnitude >> (segment + 3) & 0x0F);
        return (byte)~(sample < 0 ? code | 0x80 : code);
    }

    public static byte EncodeALaw(short sample)
    {
        // Negative values are counted from −1, so that 0 and −1 are mirror images.
        int magnitude = sample < 0 ? ~sample : sample;
        int segment = int.Max(BitOperations.Log2((uint)magnitude | 0xFF) - 7, 0);
        int code = segment << 4 | (magnitude >> (segment == 0 ? 4 : segment + 3) & 0x0F);
        return (byte)((sample < 0 ? code : code | 0x80) ^ ALawInversion);
    }

    private static short ExpandMuLaw(byte line)
    {
        int code = ~line;
        int magnitude = (((code & 0x0F) << 3) + MuLawBias << (code >> 4 & 7)) - MuLawBias;
        return (short)((code & 0x80) != 0 ? -magnitude : magnitude);
    }

    private static short ExpandALaw(byte line)
    {
        int code = line ^ ALawInversion;
        int segment = code >> 4 & 7;
        int magnitude = ((code & 0x0F) << 4) + 8;
        if (segment > 0) magnitude = magnitude + 0x100 << segment - 1;
        return (short)((code & 0x80) != 0 ? magnitude : -magnitude);
    }
}
