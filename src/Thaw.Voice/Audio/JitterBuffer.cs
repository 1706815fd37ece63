using Thaw.Protocol;

namespace Thaw.Voice.Audio;

/// <summary>What is due for playing.</summary>
public enum PlayoutKind
{
    Silence, // nothing has been sent for this moment (DTX), or the buffer is still filling
    Packet,  // a packet's payload
    Lost,    // 20 ms are missing; the payload, if any, is of the packet right behind them
}

public readonly ref struct Playout(PlayoutKind kind, ReadOnlySpan<byte> payload)
{
    public PlayoutKind Kind { get; } = kind;

    /// <summary>Lent until the next call on the buffer.</summary>
    public ReadOnlySpan<byte> Payload { get; } = payload;
}

/// <summary>
/// Puts audio packets back in order and evens out their arrival. The play clock runs with the caller's demand;
/// it is set back when packets come too late for it and skips a packet when more than needed stays buffered.
/// </summary>
public sealed partial class JitterBuffer
{
    private const int Slots = 32;                 // 640 ms of 20 ms packets
    private const int MaxPayload = 1500;
    private const int MostSequenceJump = 500;     // more, or a longer leap in time, is a new stream
    private const int PeriodsToJudge = 10;        // 200 ms
    private const int ConcealedAtMost = 5;        // 100 ms: after that nothing would be left to repeat
    private const int IdleAtMost = 50;            // 1 s without a packet: fill again before playing

    private static readonly TimeSpan LeastTarget = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan MostTarget = TimeSpan.FromMilliseconds(120);

    private readonly Slot[] _slots = new Slot[Slots];
    private readonly int _clockRate, _period;     // 20 ms in ticks
    private State _state = State.Empty;
    private uint _ssrc;
    private int _count;
    private long _played;                         // the extended sequence number last played
    private uint _clock;                          // the RTP time due next
    private Instant _fillingSince;
    private int _missing;                         // periods without a packet, in a row
    private int _leastDepth, _judged;             // the shrinking decision's evidence, in ticks
    private uint _lastTransit;
    private double _jitter;                       // in ticks, as RFC 3550 A.8

    public JitterBuffer(int clockRate)
    {
        (_clockRate, _period) = (clockRate, clockRate / 50);
        for (int i = 0; i < Slots; i++) _slots[i] = new Slot();
    }

    private enum State { Empty, Filling, Playing }

    public long LateCount { get; private set; }
    public long ConcealedCount { get; private set; }
    public long SkippedCount { get; private set; }

    /// <summary>How much is wanted in store: 40 ms on an even network, up to 120 ms.</summary>
    public TimeSpan Target
    {
        get
        {
            var wanted = LeastTarget + TimeSpan.FromSeconds(2 * _jitter / _clockRate) - TimeSpan.FromMilliseconds(5);
            return wanted < LeastTarget ? LeastTarget : wanted > MostTarget ? MostTarget : wanted;
        }
    }

    private int TargetTicks => (int)(Target.TotalSeconds * _clockRate);

    /// <summary>Stores one packet. False if it came too late, twice, or is too long.</summary>
    /// <param name="duration">What it plays, in RTP ticks; not more than 120 ms.</param>
    public bool TryInsert(in MediaPacket packet, ReadOnlySpan<byte> payload, int duration, Instant now)
    {
        if (payload.Length > MaxPayload || duration <= 0 || duration > 6 * _period) return false;
        if (_state is State.Empty || IsNewStream(packet)) Begin(packet, now);

        if (_state is State.Filling && _count == 0) _fillingSince = now;
        NoteArrival(packet, now);
        long sequence = Extend(packet.SequenceNumber);
        if (sequence <= _played) return Late();

        var slot = _slots[(int)((sequence % Slots + Slots) % Slots)];
        if (slot.IsUsed && slot.Sequence == sequence) return false; // twice
        if (slot.IsUsed && slot.Sequence > sequence) return Late();
        if (slot.IsUsed) SkipUpTo(sequence - Slots);
        if (_state is State.Playing && !TryMakeItsTime(packet.Timestamp, duration, sequence)) return Late();

        slot.Fill(sequence, packet.Timestamp, duration, payload);
        _count++;
        return true;
    }

    /// <summary>Takes what plays next. To be called whenever another 20 ms of sound are wanted.</summary>
    public Playout Take(Instant now)
    {
        var oldest = Oldest();
        if (_state is not State.Playing)
        {
            if (oldest is null || (now - _fillingSince < Target && Depth(oldest.Timestamp) < TargetTicks + _period))
                return new(PlayoutKind.Silence, default);
            (_state, _clock) = (State.Playing, oldest.Timestamp);
            (_missing, _judged) = (0, 0);
        }

        if (oldest is not null && JudgeDepth())
        {
            Skip(oldest);
            oldest = Oldest();
        }

        return oldest is null ? Nothing() : Next(oldest);
    }

    private Playout Next(Slot oldest)
    {
        int ahead = (int)(oldest.Timestamp - _clock);
        if (ahead >= _period && ahead <= _clockRate) // further ahead is a leap of the sender's clock
        {
            // Consecutive numbers with time between them: the sender was silent. Otherwise a packet is missing.
            _clock += (uint)_period;
            return oldest.Sequence == _played + 1 ? new(PlayoutKind.Silence, default) : Missing(ahead < 2 * _period ? oldest.Payload : default);
        }

        _missing = 0;
        _clock = oldest.Timestamp + (uint)oldest.Duration;
        Release(oldest);
        return new(PlayoutKind.Packet, oldest.Payload);
    }

    private Playout Nothing()
    {
        _clock += (uint)_period;
        if (_missing == IdleAtMost) _state = State.Filling;
        return Missing(default);
    }

    private Playout Missing(ReadOnlySpan<byte> following)
    {
        if (++_missing > ConcealedAtMost && following.IsEmpty) return new(PlayoutKind.Silence, default);
        ConcealedCount++;
        return new(PlayoutKind.Lost, following);
    }
}
