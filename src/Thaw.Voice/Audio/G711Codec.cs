namespace Thaw.Voice.Audio;

public enum G711Law { MuLaw, ALaw }

/// <summary>PCMU or PCMA (RFC 3551 §4.5.14), brought from 8 kHz to the agent's rate.</summary>
public sealed class G711Decoder(G711Law law, int sampleRate) : AudioDecoder
{
    internal const int Rate = 8000;
    internal const int FrameLength = Rate / 50;

    private static readonly int MaxPayload = (int)(LongestPacket.TotalSeconds * Rate);

    private readonly Resampler? _resampler = sampleRate == Rate ? null : new Resampler(Rate, sampleRate);
    private readonly short[] _narrow = new short[MaxPayload];
    private readonly short[] _lastFrame = new short[FrameLength];
    private int _concealed;

    public override int ClockRate => Rate;

    public override int SampleRate => sampleRate;

    public override int DurationOf(ReadOnlySpan<byte> payload) => payload.Length <= MaxPayload ? payload.Length : 0;

    public override int Decode(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        if (payload.IsEmpty || payload.Length > MaxPayload) return 0;

        var narrow = _narrow.AsSpan(0, payload.Length);
        if (law is G711Law.MuLaw)
            for (int i = 0; i < payload.Length; i++) narrow[i] = G711.DecodeMuLaw(payload[i]);
        else
            for (int i = 0; i < payload.Length; i++) narrow[i] = G711.DecodeALaw(payload[i]);

        _concealed = 0;
        int kept = int.Min(narrow.Length, FrameLength);
        narrow[^kept..].CopyTo(_lastFrame.AsSpan(FrameLength - kept));
        return Widen(narrow, pcm);
    }

    /// <summary>Repeats the last frame, each time at half the level: silence after five.</summary>
    public override void Conceal(Span<short> pcm, ReadOnlySpan<byte> following)
    {
        int frameLength = sampleRate / 50;
        for (; pcm.Length >= frameLength; pcm = pcm[frameLength..])
        {
            int halvings = ++_concealed > 5 ? 15 : _concealed;
            for (int i = 0; i < FrameLength; i++) _narrow[i] = (short)(_lastFrame[i] >> halvings);
            Widen(_narrow.AsSpan(0, FrameLength), pcm);
        }
    }

    public override void Dispose() { }

    private int Widen(ReadOnlySpan<short> narrow, Span<short> pcm)
    {
        if (_resampler is not null) return _resampler.Process(narrow, pcm);
        narrow.CopyTo(pcm);
        return narrow.Length;
    }
}

public sealed class G711Encoder(G711Law law, int sampleRate) : AudioEncoder
{
    private readonly Resampler? _resampler = sampleRate == G711Decoder.Rate ? null : new Resampler(sampleRate, G711Decoder.Rate);
    private readonly short[] _narrow = new short[G711Decoder.FrameLength];

    public override int ClockRate => G711Decoder.Rate;

    public override int SampleRate => sampleRate;

    public override int Encode(ReadOnlySpan<short> pcm, Span<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(pcm.Length, FrameLength);

        if (_resampler is null) pcm.CopyTo(_narrow);
        else _resampler.Process(pcm, _narrow);

        if (law is G711Law.MuLaw)
            for (int i = 0; i < _narrow.Length; i++) payload[i] = G711.EncodeMuLaw(_narrow[i]);
        else
            for (int i = 0; i < _narrow.Length; i++) payload[i] = G711.EncodeALaw(_narrow[i]);
        return _narrow.Length;
    }

    public override void Dispose() { }
}
