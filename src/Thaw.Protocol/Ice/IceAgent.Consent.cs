namespace Thaw.Protocol.Ice;

public sealed partial class IceAgent
{
    private const int SpareValidPairs = 3; // kept fresh besides the selected one, so that there is somewhere to go
    private const int RevivedPairs = 4;

    private static readonly TimeSpan ConsentLifetime = TimeSpan.FromSeconds(30); // RFC 7675 §5.1
    private static readonly TimeSpan ConsentPeriod = TimeSpan.FromSeconds(5);    // RFC 7675 §5.1
    private static readonly TimeSpan RevivalPeriod = TimeSpan.FromSeconds(2);

    private bool IsKeptFresh(CandidatePair pair)
    {
        var list = pair.Checklist;
        if (list != _current) return _current.Sendable is null && pair == list.Sendable;
        if (pair == list.Selected) return true;

        int better = 0;
        foreach (var other in list.Pairs)
            if (other.IsValid && other != list.Selected && other.Priority > pair.Priority) better++;
        return better < SpareValidPairs;
    }

    private void ExpireConsents(Checklist list, Instant now)
    {
        foreach (var pair in list.Pairs)
        {
            if (pair.ConsentExpiresAt > now) continue;

            bool wasAsked = pair.Attempts > 0;
            if (wasAsked) Note(new Observation.CheckTimedOut(pair.Local.Base, pair.Remote.Address, pair.Attempts));
            Fail(pair);
            if (!wasAsked) pair.State = CandidatePairState.Waiting; // not refused: a spare that we let go
        }
    }

    private void UpdateSending(Instant now)
    {
        if (_isClosed) return;
        var sendable = _current.Sendable ?? _previous?.Sendable;
        var before = Usable;
        Usable = sendable ?? _current.Selected ?? _previous?.Selected ?? before;

        bool maySend = sendable is not null;
        if (maySend == MaySend) return;
        MaySend = maySend;

        if (!maySend)
        {
            _isLost = true;
            Note(new Observation.ConsentLost(before!.Local.Base, before.Remote.Address));
            Tell(new IceEvent.ConsentLost());
            Revive(now);
        }
        else if (_isLost)
        {
            _isLost = false;
            _timers.Stop(Timer.Revive);
            Note(new Observation.ConsentRegained(sendable!.Local.Base, sendable.Remote.Address));
            Tell(new IceEvent.ConsentRegained());
        }
    }

    /// <summary>Asks again, without end, the pairs that worked or were heard: one of them may come back.</summary>
    private void Revive(Instant now)
    {
        if (Checking is not { } list || !list.Pairs.Exists(static pair => pair.WasValid)) return;
        foreach (var pair in list.Pairs.OrderByDescending(static pair => (pair.WasValid, pair.HeardPeer, pair.Priority)).Take(RevivedPairs))
            list.Trigger(pair);
        _timers.Set(Timer.Revive, now + RevivalPeriod);
    }

    // RFC 7675 §5.1: each interval is 0.8 to 1.2 times the period, so that sessions do not march in step.
    private TimeSpan Jittered(TimeSpan period)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        _random.GetBytes(bytes);
        return period * (0.8 + 0.4 * BitConverter.ToUInt16(bytes) / ushort.MaxValue);
    }
}
