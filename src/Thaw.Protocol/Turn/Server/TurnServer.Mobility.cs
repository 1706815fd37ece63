using System.Buffers.Binary;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>
/// Allocations that follow their client (RFC 8016). A ticket is a random number that finds the allocation; who may use
/// it, the credential says. An allocation has one place where it is and at most one where it is about to be: it goes there
/// with the first data that comes from there, and until then all stays as it was.
/// </summary>
public sealed partial class TurnServer
{
    private const int TicketLength = 16;

    private readonly Dictionary<FiveTuple, Allocation> _moving = []; // by Allocation.Pending: no more than allocations
    private readonly Dictionary<UInt128, Allocation> _tickets = [];  // at most two for each mobile allocation

    /// <summary>Where the five-tuple has no allocation: one that is moving there, or that a ticket names.</summary>
    private Allocation? FindMobile(in StunReader request, in Asked asked)
    {
        if (!_options.IsMobile) return null;
        if (_moving.TryGetValue(asked.FiveTuple, out var moving)) return moving;
        return asked.Method is StunMethod.Refresh && TryReadTicket(request, out var ticket) ? _tickets.GetValueOrDefault(ticket) : null;
    }

    private (int, TurnRefusal)? FindFlawOfTicket(in StunReader request, Allocation allocation)
    {
        if (!request.Has(StunAttributeType.MobilityTicket)) return null;
        if (!_options.IsMobile) return (StunErrorCode.MobilityForbidden, new TurnRefusal.MobilityOff());

        // A ticket of this allocation, or of none any more: it is a repetition. One of another: a place has one allocation.
        if (!TryReadTicket(request, out var ticket)) return null;
        bool isAnotherServers = (byte)(ticket >> 120) != _options.Shard;
        bool isAnothers = _tickets.TryGetValue(ticket, out var named) && named != allocation;
        return isAnothers || isAnotherServers ? (StunErrorCode.AllocationMismatch, new TurnRefusal.AllocationExists()) : null;
    }

    /// <summary>A Refresh that came from elsewhere than where the allocation is, with its ticket.</summary>
    private void Move(in StunReader request, in Asked asked, Allocation allocation)
    {
        if (asked.FiveTuple == allocation.FiveTuple || asked.FiveTuple == allocation.Pending) return;
        if (!TryReadTicket(request, out var presented)) return;

        Unpend(allocation);
        allocation.Pending = asked.FiveTuple;
        _moving.Add(asked.FiveTuple, allocation);
        _events.Enqueue(new TurnServerEvent.ClientMoves(asked.FiveTuple));

        if (presented == allocation.Ticket) _tickets.Remove(allocation.PreviousTicket);
        else _tickets.Remove(allocation.Ticket);
        allocation.PreviousTicket = presented;
        IssueTicket(allocation);
    }

    /// <summary>Data from where it is moving to (RFC 8016 §3.2.2): from now on it is there, and nowhere else.</summary>
    private Allocation? Arrive(FiveTuple fiveTuple, Instant now)
    {
        if (!_moving.TryGetValue(fiveTuple, out var allocation) || allocation.ExpiresAt <= now) return null;
        Arrive(allocation, fiveTuple);
        return allocation;
    }

    private void Arrive(Allocation allocation, FiveTuple to)
    {
        var from = allocation.FiveTuple;
        _moving.Remove(to);
        _allocations.Remove(from);
        _allocations.Add(to, allocation);
        if (allocation.HasMoved) _events.Enqueue(new TurnServerEvent.ClientLeft(from));
        (allocation.FiveTuple, allocation.Pending, allocation.HasMoved) = (to, null, true);
        _tickets.Remove(allocation.PreviousTicket);
        allocation.PreviousTicket = 0;
        Note(new Observation.AllocationMoved(from, to, allocation.User));
    }

    /// <summary>A stream ended: where an allocation is about to be, or that it is about to leave, takes it not along.</summary>
    private bool HasMovedOn(FiveTuple ended)
    {
        if (_moving.TryGetValue(ended, out var arriving))
        {
            Unpend(arriving);
            return true;
        }

        if (!_allocations.TryGetValue(ended, out var leaving) || leaving.Pending is not { } to) return false;
        Arrive(leaving, to);
        return true;
    }

    private void Unpend(Allocation allocation)
    {
        if (allocation.Pending is not { } pending) return;
        allocation.Pending = null;
        _moving.Remove(pending);
        _events.Enqueue(new TurnServerEvent.ClientLeft(pending));
    }

    private void EndMobility(Allocation allocation)
    {
        if (allocation.Ticket == 0) return;
        Unpend(allocation);
        if (allocation.HasMoved) _events.Enqueue(new TurnServerEvent.ClientLeft(allocation.FiveTuple));
        _tickets.Remove(allocation.Ticket);
        _tickets.Remove(allocation.PreviousTicket);
    }

    private void IssueTicket(Allocation allocation)
    {
        Span<byte> bytes = stackalloc byte[TicketLength];
        do
        {
            _random.GetBytes(bytes);
            bytes[0] = _options.Shard;
            allocation.Ticket = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        }
        while (allocation.Ticket == 0 || !_tickets.TryAdd(allocation.Ticket, allocation));
    }

    private static void WriteTicket(scoped ref StunWriter writer, Allocation allocation)
    {
        if (allocation.Ticket == 0) return;
        Span<byte> bytes = stackalloc byte[TicketLength];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, allocation.Ticket);
        writer.Add(StunAttributeType.MobilityTicket, bytes);
    }

    private static bool TryReadTicket(in StunReader request, out UInt128 ticket)
    {
        ticket = 0;
        return request.TryFind(StunAttributeType.MobilityTicket, out var attribute) && attribute.Value.Length == TicketLength
            && BinaryPrimitives.TryReadUInt128BigEndian(attribute.Value, out ticket);
    }
}
