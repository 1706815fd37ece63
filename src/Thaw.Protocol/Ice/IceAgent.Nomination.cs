namespace Thaw.Protocol.Ice;

public sealed partial class IceAgent
{
    private const int RelayedCost = 2;

    // How long a worse path waits for a better one, by CandidatePair.Cost: direct, translated, relayed.
    private static readonly TimeSpan[] Hesitation = [TimeSpan.Zero, TimeSpan.FromMilliseconds(150), TimeSpan.FromMilliseconds(500)];

    /// <summary>A peer that flags every check nominates many pairs at once; one that went quiet this long has moved on.</summary>
    private static readonly TimeSpan NominationMemory = TimeSpan.FromSeconds(2);

    private static IceRole Opposite(IceRole role) => role is IceRole.Controlling ? IceRole.Controlled : IceRole.Controlling;

    private void SwitchRole(IceRole role)
    {
        Role = role;
        _timers.Stop(Timer.Nominate);
        Note(new Observation.RoleSwitched(role));
        foreach (var list in Generations)
        {
            foreach (var pair in list.Pairs)
            {
                pair.Reprioritize(role);
                pair.IsNominating = false;
            }
        }
    }

    /// <summary>Controlling: regular nomination (RFC 8445 §8.1.1) of the best valid pair, after a short hesitation.</summary>
    private void ConsiderNomination(Instant now)
    {
        if (Role is not IceRole.Controlling || _isClosed) return;
        if (_current.Pairs.Exists(static pair => pair.IsNominating)) return;

        if (_current.BestValid is not { } best || best == _current.Selected)
        {
            _timers.Stop(Timer.Nominate);
            return;
        }

        if (_current.Selected is { } selected)
        {
            // Again only if the selected path died, or leads through a relay and this one does not.
            if (selected.IsValid && (selected.Cost < RelayedCost || best.Cost >= RelayedCost)) return;
            Nominate(best, now);
            return;
        }

        _timers.Set(Timer.Nominate, Instant.Earlier(_timers.DueAt(Timer.Nominate), now + Hesitation[best.Cost]));
        if (_timers.DueAt(Timer.Nominate) <= now || (_current.IsRemoteComplete && !IsBetterPossible(best))) Nominate(best, now);
    }

    private bool IsBetterPossible(CandidatePair than)
        => _current.Pairs.Exists(pair => pair.Priority > than.Priority && pair.State <= CandidatePairState.InProgress);

    private void Nominate(CandidatePair pair, Instant now)
    {
        _timers.Stop(Timer.Nominate);
        pair.IsNominating = true;
        pair.Attempts = 0;
        pair.DueAt = now;
        pair.GiveUpAt = Instant.Never;
        Note(new Observation.PairNominated(pair.Local, pair.Remote, ByPeer: false));
    }

    /// <summary>Controlled: notes what an authenticated check says about its pair.</summary>
    private void TakeNomination(CandidatePair pair, bool useCandidate, Instant now)
    {
        pair.HeardPeer = true;
        if (!useCandidate)
        {
            pair.HeardPlainCheck = true;
            return;
        }

        bool isPending = pair.Nomination is { IsDeliberate: true } && !pair.IsValid;
        if (pair.Nomination is null || pair.HeardPlainCheck) Note(new Observation.PairNominated(pair.Local, pair.Remote, ByPeer: true));
        pair.Nomination = new PeerNomination(now, IsDeliberate: pair.HeardPlainCheck || isPending);
        pair.HeardPlainCheck = false;
        FollowNomination(pair, now);
    }

    /// <summary>
    /// The latest deliberate nomination wins. Of a peer that flags all its checks (aggressive nomination), the pair of
    /// the highest priority wins, until that one is no longer flagged.
    /// </summary>
    private void FollowNomination(CandidatePair pair, Instant now)
    {
        if (Role is not IceRole.Controlled || !pair.IsValid || pair.Nomination is not { } nomination) return;

        var selected = pair.Checklist.Selected;
        if (selected == pair) return;
        if (pair.Checklist != _current && _current.BestValid is not null) return; // the old generation has had its day
        if (selected is { IsValid: true, Nomination: { } held } && pair.Priority < selected.Priority)
        {
            bool isLatest = nomination.IsDeliberate && nomination.At >= held.At;
            if (!isLatest && nomination.At - held.At < NominationMemory) return;
        }

        Select(pair, now);
    }

    private void Select(CandidatePair pair, Instant now)
    {
        var list = pair.Checklist;
        list.Selected = pair;
        if (pair.DueAt == Instant.Never) pair.DueAt = now + Jittered(ConsentPeriod);

        // RFC 8445 §8.1.2: lesser pairs are not tried on. Should one answer late, it is a valid pair all the same.
        foreach (var other in list.Pairs)
        {
            if (other.State is not CandidatePairState.InProgress || other.Priority > pair.Priority) continue;
            other.State = CandidatePairState.Waiting;
            other.DueAt = Instant.Never;
        }

        if (list == _current && _previous is not null) _timers.Set(Timer.Farewell, now + Farewell);
        Note(new Observation.PairSelected(pair.Local, pair.Remote));
        Tell(new IceEvent.PairSelected(pair.Local, pair.Remote));
    }
}
