namespace Thaw.Voice.Audio;

/// <summary>
/// Payloads of one codec in, 16-bit mono samples at one rate out, whatever the codec's own rate. Two implementations:
/// Opus and G.711. One owner, not thread-safe; no call allocates.
/// </summary>
public abstract class AudioDecoder : IDisposable
{
    /// <summary>No packet of either codec holds more.</summary>
    public static readonly TimeSpan LongestPacket = TimeSpan.FromMilliseconds(120);

    /// <summary>The RTP timestamp's rate.</summary>
    public abstract int ClockRate { get; }

    /// <summary>The samples' rate.</summary>
    public abstract int SampleRate { get; }

    /// <summary>How long this payload plays, in RTP clock ticks; 0 if it is not the codec's.</summary>
    public abstract int DurationOf(ReadOnlySpan<byte> payload);

    /// <summary>Decodes one payload and returns the number of samples; 0 if it is not the codec's.</summary>
    /// <param name="pcm">Room for <see cref="LongestPacket"/>.</param>
    public abstract int Decode(ReadOnlySpan<byte> payload, Span<short> pcm);

    /// <summary>Fills <paramref name="pcm"/>, a multiple of 20 ms, with a guess at what was lost.</summary>
    /// <param name="following">The packet behind the gap if it is here: it may carry a copy (Opus in-band FEC).</param>
    public abstract void Conceal(Span<short> pcm, ReadOnlySpan<byte> following);

    public abstract void Dispose();
}

/// <summary>16-bit mono samples at one rate in, payloads of one codec out. See <see cref="AudioDecoder"/>.</summary>
public abstract class AudioEncoder : IDisposable
{
    public abstract int ClockRate { get; }

    public abstract int SampleRate { get; }

    /// <summary>Samples per 20 ms packet, as <see cref="Encode"/> wants them.</summary>
    public int FrameLength => SampleRate / 50;

    /// <summary>By how much the RTP timestamp grows per packet.</summary>
    public uint FrameTicks => (uint)ClockRate / 50;

    /// <summary>Encodes exactly one frame and returns the payload's length.</summary>
    /// <param name="payload">Room for 1,275 bytes, Opus's largest frame (RFC 6716 §3.4).</param>
    public abstract int Encode(ReadOnlySpan<short> pcm, Span<byte> payload);

    public abstract void Dispose();
}
