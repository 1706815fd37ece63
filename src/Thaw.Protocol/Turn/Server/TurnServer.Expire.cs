namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    private static readonly Comparer<Allocation> ByDeadline = Comparer<Allocation>.Create((a, b)
        => a.QueuedAt.CompareTo(b.QueuedAt) is var order and not 0 ? order : a.Number.CompareTo(b.Number));

    // Each allocation once, by its QueuedAt. A deadline that moves away leaves it where it is, so that refreshing is cheap.
    private readonly SortedSet<Allocation> _deadlines = new(ByDeadline);
    private Instant _nextAllocation = Instant.Never;
    private Instant _nextReservation = Instant.Never;

    private Instant NextDeadline => Instant.Earlier(_nextAllocation, _nextReservation);

    private void Schedule(Allocation allocation)
    {
        var due = allocation.NextDeadline();
        if (due >= allocation.QueuedAt) return;
        if (allocation.QueuedAt != Instant.Never) _deadlines.Remove(allocation);
        allocation.QueuedAt = due;
        _deadlines.Add(allocation);
        _nextAllocation = Instant.Earlier(_nextAllocation, due);
    }

    private void Unschedule(Allocation allocation)
    {
        if (allocation.QueuedAt != Instant.Never) _deadlines.Remove(allocation);
        allocation.QueuedAt = Instant.Never;
        _nextAllocation = _deadlines.Min?.QueuedAt ?? Instant.Never;
    }

    private void Expire(Instant now)
    {
        while (_deadlines.Min is { } allocation && allocation.QueuedAt <= now)
        {
            Unschedule(allocation);
            allocation.Sweep(now);
            if (allocation.ExpiresAt <= now) End(allocation, AllocationEnd.Expired);
            else ExpireConnections(allocation, now);
        }

        if (_nextReservation <= now) ExpireReservations(now);
    }

    private void End(Allocation allocation, AllocationEnd reason)
    {
        if (!_allocations.Remove(allocation.FiveTuple)) return;
        _byNumber.Remove(new Numbered(allocation.Number, allocation));
        Counters.Count(reason);
        Unschedule(allocation);
        if (allocation.IPv4 is { } four) GiveBack(four, allocation);
        if (allocation.IPv6 is { } six) GiveBack(six, allocation);
        (allocation.IPv4, allocation.IPv6) = (null, null);
        EndMobility(allocation);
        Note(new Observation.AllocationEnded(allocation.FiveTuple, allocation.User, reason, allocation.BytesToPeers, allocation.BytesToClient));
    }

    private void GiveBack(RelayedTransportAddress relayed, Allocation allocation)
    {
        CloseConnections(relayed, allocation);
        Shut(relayed);
        _ledger.Release(allocation.Identity.Account);
    }
}
