using Thaw.Protocol;

namespace Thaw.Voice.Audio;

/// <summary>
/// From packets as they come to even frames as an agent hears them: jitter buffer, decoder and concealment.
/// One owner, not thread-safe.
/// </summary>
public sealed class AudioPlayout(AudioDecoder decoder) : IDisposable
{
    private readonly JitterBuffer _buffer = new(decoder.ClockRate);
    private readonly short[] _decoded = new short[(int)(AudioDecoder.LongestPacket.TotalSeconds * decoder.SampleRate) + decoder.SampleRate / 50];
    private int _ready; // samples at the front of _decoded

    public JitterBuffer Buffer => _buffer;

    public int SampleRate => decoder.SampleRate;

    /// <summary>Samples per 20 ms.</summary>
    public int FrameLength => decoder.SampleRate / 50;

    public bool TryInsert(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now)
        => _buffer.TryInsert(packet, payload, decoder.DurationOf(payload), now);

    /// <summary>Fills one frame of 20 ms; to be called every 20 ms. True if it is more than silence.</summary>
    public bool Read(Span<short> frame, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(frame.Length, FrameLength);

        bool heard = _ready > 0;
        while (_ready < frame.Length) heard |= Play(_buffer.Take(now));

        _decoded.AsSpan(0, frame.Length).CopyTo(frame);
        _ready -= frame.Length;
        _decoded.AsSpan(frame.Length, _ready).CopyTo(_decoded);
        return heard;
    }

    public void Dispose() => decoder.Dispose();

    private bool Play(Playout next)
    {
        var free = _decoded.AsSpan(_ready);
        int decoded = next.Kind is PlayoutKind.Packet ? decoder.Decode(next.Payload, free) : 0;
        if (decoded > 0)
        {
            _ready += decoded;
            return true;
        }

        // A payload that is not the codec's counts as lost.
        var gap = free[..FrameLength];
        bool isLost = next.Kind is not PlayoutKind.Silence;
        if (isLost) decoder.Conceal(gap, next.Kind is PlayoutKind.Lost ? next.Payload : default);
        else gap.Clear();
        _ready += gap.Length;
        return isLost;
    }
}
