using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Ice;

public sealed partial class IceAgent
{
    private DropReason? HandleResponse(in StunReader response, PairPath path, Instant now)
    {
        // Looking by path makes every accepted answer a symmetric one (RFC 8445 §7.2.5.2.1).
        if (FindAsked(path, response.Transaction, out var check) is not { } pair) return DropReason.UnknownTransaction;

        if (pair.Checklist.HasFailed) return DropReason.Closed;
        var seal = response.CheckIntegrity(pair.Checklist.RemoteKey);
        if (seal is StunSeal.Invalid) return DropReason.BadIntegrity;
        if (response.Class is StunClass.ErrorResponse) return HandleError(response, pair, check, seal is StunSeal.Valid, now);
        if (seal is StunSeal.Missing) return DropReason.MissingAttribute;
        if (!response.TryReadXorAddress(StunAttributeType.XorMappedAddress, out var mapped)) return DropReason.MissingAttribute;

        pair.Forget(check.Transaction);
        Succeed(pair, check, mapped.Over(path.LocalBase.Protocol), now); // STUN does not say what it came by
        return null;
    }

    private CandidatePair? FindAsked(PairPath path, TransactionId transaction, out SentCheck check)
    {
        if (_current.Find(path) is { } pair && pair.TryFind(transaction, out check)) return pair;
        if (_previous?.Find(path) is { } old && old.TryFind(transaction, out check)) return old;
        check = default;
        return null;
    }

    private void Succeed(CandidatePair pair, SentCheck check, TransportAddress mapped, Instant now)
    {
        pair.State = CandidatePairState.Succeeded;
        pair.WasValid = true;
        pair.Checklist.HasWorked = true;
        pair.ConsentExpiresAt = now + ConsentLifetime;
        pair.RoundTrip = now - check.At;
        Note(new Observation.CheckAnswered(pair.Local.Base, pair.Remote.Address, now - check.At, mapped));
        LearnMapped(pair, mapped);

        bool nominated = pair.IsNominating && check.Nominating;
        if (nominated) pair.IsNominating = false;
        if (!pair.IsNominating)
        {
            pair.Attempts = 0;
            pair.DueAt = now + Jittered(ConsentPeriod);
        }

        if (nominated) Select(pair, now);
        FollowNomination(pair, now);
    }

    /// <summary>RFC 8445 §7.2.5.3.1: an unexpected mapped address is a new local candidate. It makes no pairs: its base has them.</summary>
    private void LearnMapped(CandidatePair pair, TransportAddress mapped)
    {
        if (pair.Local.Address == mapped) return;

        var local = _locals.Find(known => known.Address == mapped && known.Base == pair.Local.Base);
        if (local is null)
        {
            if (_locals.Count >= MaxLocals) return;
            uint priority = CandidatePriority.AsPeerReflexive(pair.Local.Priority, pair.Local.Base.Protocol);
            local = new Candidate(CandidateType.PeerReflexive, mapped, pair.Local.Base, priority, PeerReflexiveFoundation);
            _locals.Add(local);
            Note(new Observation.LocalCandidateLearned(local, CandidateOrigin.PeerReflexive));
        }

        pair.Describe(local, pair.Remote, Role);
    }

    private DropReason? HandleError(in StunReader response, CandidatePair pair, SentCheck check, bool authenticated, Instant now)
    {
        if (!response.TryFind(StunAttributeType.ErrorCode, out var attribute) || !attribute.TryReadError(out int code, out _))
            return DropReason.MissingAttribute;

        Note(new Observation.CheckRejected(pair.Local.Base, pair.Remote.Address, code, authenticated));
        if (!authenticated) return null; // anyone on the path can say so: a fact, not a verdict

        pair.Forget(check.Transaction);
        if (code == StunErrorCode.RoleConflict)
        {
            // A refusal of a role that we no longer claim is stale; either way the pair is asked again.
            if (check.Role == Role)
            {
                _tiebreaker = NextTiebreaker(); // RFC 8445 §7.2.5.1
                SwitchRole(Opposite(Role));
            }

            if (pair.DueAt != Instant.Never) pair.DueAt = Instant.Earlier(pair.DueAt, now + Ta);
        }
        else if (code < StunErrorCode.ServerError && pair.State is CandidatePairState.InProgress)
        {
            pair.State = CandidatePairState.Failed; // RFC 8445 §7.2.5.2.4
            pair.DueAt = Instant.Never;
        }

        return null;
    }
}
