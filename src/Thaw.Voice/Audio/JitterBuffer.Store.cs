using Thaw.Protocol;

namespace Thaw.Voice.Audio;

/// <summary>What is stored, and how the play clock is moved.</summary>
public sealed partial class JitterBuffer
{
    private bool IsNewStream(in MediaPacket packet)
        => packet.Ssrc != _ssrc
            || Math.Abs(Extend(packet.SequenceNumber) - _played) > MostSequenceJump
            || (_state is State.Playing && Math.Abs((long)(int)(packet.Timestamp - _clock)) > 10L * _clockRate);

    private void Begin(in MediaPacket packet, Instant now)
    {
        foreach (var slot in _slots) slot.IsUsed = false;
        _count = 0;
        (_state, _ssrc, _fillingSince) = (State.Filling, packet.Ssrc, now);
        _played = packet.SequenceNumber - 3L; // two that were overtaken may still come
        _jitter = 0;
        _lastTransit = Transit(packet, now);
    }

    private bool Late()
    {
        LateCount++;
        return false;
    }

    /// <summary>
    /// True if the packet can still be played. One that comes after its time sets the clock back if nothing later
    /// is here: the network has become slower, and the next ones will be as late.
    /// </summary>
    private bool TryMakeItsTime(uint timestamp, int duration, long sequence)
    {
        if ((int)(timestamp + (uint)duration - _clock) > 0) return true;
        foreach (var slot in _slots)
            if (slot.IsUsed && slot.Sequence > sequence) return false;

        if ((int)(_clock - timestamp) > _clockRate / 2) return false;
        (_clock, _judged) = (timestamp, 0);
        return true;
    }

    private Slot? Oldest()
    {
        if (_count == 0) return null;

        Slot? oldest = null;
        foreach (var slot in _slots)
            if (slot.IsUsed && (oldest is null || slot.Sequence < oldest.Sequence)) oldest = slot;

        return oldest;
    }

    /// <summary>From a moment to the end of the newest packet, in ticks.</summary>
    private int Depth(uint from)
    {
        int depth = 0;
        foreach (var slot in _slots)
            if (slot.IsUsed) depth = int.Max(depth, (int)(slot.Timestamp + (uint)slot.Duration - from));
        return depth;
    }

    /// <summary>
    /// True if a packet should be skipped: for 200 ms more was in store than is needed. A stall of the network leaves
    /// a heap of packets; it is worked off by a tenth, so that nothing of a sentence is missing, only shortened.
    /// </summary>
    private bool JudgeDepth()
    {
        int depth = Depth(_clock);
        _leastDepth = _judged == 0 ? depth : int.Min(_leastDepth, depth);
        if (++_judged < PeriodsToJudge) return false;

        _judged = 0;
        return _leastDepth > TargetTicks + 2 * _period;
    }

    private void Skip(Slot oldest)
    {
        SkippedCount++;
        _clock = oldest.Timestamp + (uint)oldest.Duration;
        Release(oldest);
    }

    private void SkipUpTo(long sequence)
    {
        while (Oldest() is { } oldest && oldest.Sequence <= sequence) Skip(oldest);
    }

    private void Release(Slot slot)
    {
        slot.IsUsed = false;
        _count--;
        _played = long.Max(_played, slot.Sequence);
    }

    private long Extend(ushort sequenceNumber) => _played + (short)(sequenceNumber - (ushort)_played);

    private void NoteArrival(in MediaPacket packet, Instant now)
    {
        uint transit = Transit(packet, now);
        double difference = Math.Abs((double)(int)(transit - _lastTransit));
        _jitter += (double.Min(difference, _clockRate) - _jitter) / 16;
        _lastTransit = transit;
    }

    private uint Transit(in MediaPacket packet, Instant now)
        => (uint)((Int128)now.Ticks * _clockRate / TimeSpan.TicksPerSecond) - packet.Timestamp;

    private sealed class Slot
    {
        private byte[] _bytes = new byte[256]; // grows to the stream's largest packet, then never again
        private int _length;

        public bool IsUsed { get; set; }
        public long Sequence { get; private set; }
        public uint Timestamp { get; private set; }
        public int Duration { get; private set; }
        public ReadOnlySpan<byte> Payload => _bytes.AsSpan(0, _length);

        public void Fill(long sequence, uint timestamp, int duration, ReadOnlySpan<byte> payload)
        {
            if (payload.Length > _bytes.Length) _bytes = new byte[MaxPayload];
            payload.CopyTo(_bytes);
            (IsUsed, Sequence, Timestamp, Duration, _length) = (true, sequence, timestamp, duration, payload.Length);
        }
    }
}
