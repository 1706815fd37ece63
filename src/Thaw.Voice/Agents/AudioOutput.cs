namespace Thaw.Voice;

/// <summary>Up to one second of samples between an agent and the 20 ms pace of the network.</summary>
internal sealed class AudioOutput(int sampleRate)
{
    private readonly Lock _gate = new();
    private short[] _ring = []; // until an agent speaks
    private int _first, _count;

    /// <summary>Samples that wait to be played.</summary>
    public int Queued { get { lock (_gate) return _count; } }

    public bool TryWrite(ReadOnlySpan<short> samples)
    {
        lock (_gate)
        {
            if (samples.Length > sampleRate - _count) return false;
            if (_ring is []) _ring = new short[sampleRate];

            int at = (_first + _count) % _ring.Length;
            int straight = Math.Min(samples.Length, _ring.Length - at);
            samples[..straight].CopyTo(_ring.AsSpan(at));
            samples[straight..].CopyTo(_ring);
            _count += samples.Length;
            return true;
        }
    }

    /// <summary>Fills the frame, with silence where nothing is queued.</summary>
    public void Read(Span<short> frame)
    {
        lock (_gate)
        {
            int taken = Math.Min(frame.Length, _count);
            int straight = Math.Min(taken, _ring.Length - _first);
            _ring.AsSpan(_first, straight).CopyTo(frame);
            _ring.AsSpan(0, taken - straight).CopyTo(frame[straight..]);
            frame[taken..].Clear();
            _first = (_first + taken) % sampleRate;
            _count -= taken;
        }
    }

    public void Clear()
    {
        lock (_gate) _count = 0;
    }
}
