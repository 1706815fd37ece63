using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Ice;

public sealed partial class IceAgent
{
    private const int FewPairs = 10;
    private const int MaxTriggeredInARow = 4;

    private static readonly TimeSpan Ta = TimeSpan.FromMilliseconds(50);    // RFC 8445 §14.2
    private static readonly TimeSpan FastTa = TimeSpan.FromMilliseconds(20); // few pairs cannot flood anyone
    private static readonly TimeSpan MinRto = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxRto = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TcpInterval = TimeSpan.FromSeconds(5);  // TCP repeats by itself: ours are for a peer that forgot
    private static readonly TimeSpan LastWait = 16 * MinRto;                 // RFC 8489 §6.2.1: Rm
    private static readonly TimeSpan CheckLifetime = 63 * MinRto + LastWait; // as long as RFC 8489's seven transmissions

    private int _triggeredInARow;
    private Instant _paceAt;
    private Instant _wakeAt;
    private bool _isSettled;

    /// <summary>The generation whose pairs are being tried: the old one as long as the new one has no peer.</summary>
    private Checklist? Checking => _current.Remote is null ? _previous : _current.HasFailed ? null : _current;

    private CandidatePair? NextCheck(Instant now)
    {
        if (NextRepeat(_current, now) is { } repeat) return repeat;
        if (_previous is not null && NextRepeat(_previous, now) is { } late) return late;
        if (now < _paceAt || Checking is not { } list) return null;

        if (NextNew(list) is not { } pair) return null;

        _paceAt = now + (list.Pairs.Count <= FewPairs ? FastTa : Ta);
        pair.State = CandidatePairState.InProgress;
        pair.Attempts = 0;
        return pair;
    }

    /// <summary>
    /// Triggered checks first (RFC 8445 §6.1.4.2), but not alone: a peer that comes from ever new addresses would starve
    /// every path that waits for us to ask, a relay's above all.
    /// </summary>
    private CandidatePair? NextNew(Checklist list)
    {
        if (_triggeredInARow < MaxTriggeredInARow && list.TakeTriggered() is { } triggered)
        {
            _triggeredInARow++;
            return triggered;
        }

        _triggeredInARow = 0;
        return list.NextOrdinary() ?? list.TakeTriggered();
    }

    /// <summary>Retransmissions and consent checks have their own clock and are not paced (RFC 8445 §14.1).</summary>
    private CandidatePair? NextRepeat(Checklist list, Instant now)
    {
        foreach (var pair in list.Pairs)
        {
            if (pair.DueAt > now) continue;
            if (pair.IsRetransmitting)
            {
                if (pair.DueAt < pair.GiveUpAt) return pair;
            }
            else if (pair.IsValid && IsKeptFresh(pair))
            {
                return pair;
            }
            else
            {
                pair.DueAt = Instant.Never;
            }
        }

        return null;
    }

    private Output Send(CandidatePair pair, Span<byte> buffer, Instant now)
    {
        // The selected pair's checks repeat the nomination: it survives a role conflict or a peer that forgot.
        bool nominating = Role is IceRole.Controlling && (pair.IsNominating || pair == pair.Checklist.Selected);
        var check = new SentCheck(TransactionId.Next(_random), now, Role, nominating);
        pair.Remember(check);
        if (pair.Attempts++ == 0) pair.GiveUpAt = now + CheckLifetime;
        pair.DueAt = now + (pair.IsRetransmitting ? NextInterval(pair) : Jittered(ConsentPeriod));
        if (pair.IsRetransmitting && pair.DueAt > pair.GiveUpAt + -LastWait) pair.DueAt = pair.GiveUpAt;
        Note(new Observation.CheckSent(pair.Local.Base, pair.Remote.Address, pair.Attempts, nominating));

        var request = new StunWriter(buffer, StunMethod.Binding, StunClass.Request, check.Transaction);
        request.Add(StunAttributeType.Username, pair.Checklist.Username);
        request.Add(StunAttributeType.Priority, CandidatePriority.AsPeerReflexive(pair.Local.Priority, pair.Local.Base.Protocol));
        request.Add(Role is IceRole.Controlling ? StunAttributeType.IceControlling : StunAttributeType.IceControlled, _tiebreaker);
        if (nominating) request.Add(StunAttributeType.UseCandidate);
        request.AddIntegrity(pair.Checklist.RemoteKey);
        request.AddFingerprint();
        return Output.Transmit(pair.Local.Base, pair.Remote.Address, request.Finish());
    }

    // Doubles once and then goes on: with loss, RFC 8489's backoff costs seconds where packets cost nothing (docs/rfc/ice.md).
    private static TimeSpan NextInterval(CandidatePair pair)
    {
        int undecided = pair.Checklist.Pairs.Count(static other => other.State <= CandidatePairState.InProgress);
        var floor = Ta * undecided; // RFC 8445 §14.3: however many pairs, no more than one check a Ta in all
        if (pair.Local.Base.Protocol is TransportProtocol.Tcp) return floor > TcpInterval ? floor : TcpInterval;
        if (floor > MaxRto) return floor;

        var rto = 2 * (pair.RoundTrip ?? TimeSpan.Zero);
        if (rto < MinRto) rto = MinRto;
        return pair.Attempts > 1 || rto > MaxRto ? MaxRto : rto;
    }

    private void GiveUp(Checklist list, Instant now)
    {
        foreach (var pair in list.Pairs)
        {
            if (!pair.IsRetransmitting || pair.GiveUpAt > now) continue;
            Note(new Observation.CheckTimedOut(pair.Local.Base, pair.Remote.Address, pair.Attempts));
            Fail(pair);
        }
    }

    private static void Fail(CandidatePair pair)
    {
        pair.State = CandidatePairState.Failed;
        pair.IsNominating = false;
        pair.ConsentExpiresAt = Instant.Never;
        pair.DueAt = Instant.Never;
    }

    // RFC 8863 §3: a late check of the peer may still open a path, so the verdict waits.
    private void ConsiderFailure(Instant now)
    {
        if (!_current.IsPatienceOver || _current.HasFailed || _isClosed) return;
        if ((_current.IsUndecided && !_current.IsVerdictDue) || _current.HasWorked) return;

        _current.HasFailed = true;
        foreach (var pair in _current.Pairs) Fail(pair);
        Tell(new IceEvent.ChecksFailed());
        UpdateSending(now);
    }

    private Instant NextDeadline()
    {
        var next = Instant.Earlier(_timers.Next, _current.NextDeadline());
        if (_previous is not null) next = Instant.Earlier(next, _previous.NextDeadline());
        return Checking is { HasUnsent: true } ? Instant.Earlier(next, _paceAt) : next;
    }
}
