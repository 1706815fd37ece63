using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    private const byte Udp = 17; // RFC 8656 §18.8
    private const byte Tcp = 6;  // RFC 6062 §6.2

    /// <summary>What an Allocate asks for, once it is known to make sense.</summary>
    private readonly record struct Wish(bool WantsIPv4, bool WantsIPv6, bool IsEven, bool ReservesNext, ulong? Token, TimeSpan Lifetime)
    {
        public bool IsDual => WantsIPv4 && WantsIPv6;

        public TransportProtocol Protocol { get; init; }

        public bool IsMobile { get; init; }
    }

    private void Allocate(in StunReader request, in Asked asked, TurnIdentity identity, Allocation? existing, Instant now)
    {
        if (existing is not null)
        {
            bool isRetransmission = existing.Transaction == asked.Transaction; // RFC 8656 §7.2
            if (isRetransmission) AnswerAllocate(asked, existing);
            else Refuse(asked, identity, StunErrorCode.AllocationMismatch, new TurnRefusal.AllocationExists());
            return;
        }

        if (ReadWish(request, asked.FiveTuple.Client.Protocol, out var wish) is var (code, refusal))
        {
            Refuse(asked, identity, code, refusal);
            return;
        }

        if (IsDraining)
        {
            var alternate = FindAlternate(asked.FiveTuple.Client);
            Refuse(asked, identity, alternate is null ? StunErrorCode.InsufficientCapacity : StunErrorCode.TryAlternate, new TurnRefusal.Draining(alternate));
            return;
        }

        var granted = Grant(wish.Lifetime, identity, now);
        var allocation = new Allocation(asked.FiveTuple, identity, asked.Transaction)
        {
            Granted = granted,
            ExpiresAt = now + granted,
            Number = Counters.AllocationsMade,
            MadeAt = now,
            Protocol = wish.Protocol,
        };
        if (TryFurnish(allocation, wish, now) is var (failure, why))
        {
            Refuse(asked, identity, failure, why);
            return;
        }

        _allocations.Add(asked.FiveTuple, allocation);
        _byNumber.Add(new Numbered(allocation.Number, allocation));
        if (wish.IsMobile) IssueTicket(allocation);
        Schedule(allocation);
        Counters.AllocationsMade++;
        Note(new Observation.AllocationMade(asked.FiveTuple, allocation.User,
            (allocation.IPv4 ?? allocation.IPv6!).Announced, allocation.IPv4 is null ? null : allocation.IPv6?.Announced, granted));
        AnswerAllocate(asked, allocation);
    }

    private TransportAddress? FindAlternate(TransportAddress client)
    {
        foreach (var alternate in _options.Alternates)
            if (alternate.IsIPv4 == client.IsIPv4) return alternate; // RFC 8489 §10: the same family
        return null;
    }

    /// <summary>RFC 8656 §7.2, steps 3 to 8.</summary>
    private (int Code, TurnRefusal Refusal)? ReadWish(in StunReader request, TransportProtocol client, out Wish wish)
    {
        wish = default;
        if (!request.TryFind(StunAttributeType.RequestedTransport, out var transport) || !transport.TryReadUInt32(out uint protocol))
            return Bad(StunAttributeType.RequestedTransport);
        bool isTcp = _options.RelaysTcp && protocol >> 24 == Tcp;
        if (protocol >> 24 != Udp && !isTcp)
            return (StunErrorCode.UnsupportedTransportProtocol, new TurnRefusal.TransportNotServed((int)(protocol >> 24)));

        if (isTcp && FindFlawOfTcp(request, client) is var (flaw, why)) return (flaw, why);
        bool isMobile = request.TryFind(StunAttributeType.MobilityTicket, out var ticket);
        if (isMobile && ticket.Value.Length > 0) return Bad(StunAttributeType.MobilityTicket); // RFC 8016 §3.1.2
        if (isMobile && !_options.IsMobile) return (StunErrorCode.MobilityForbidden, new TurnRefusal.MobilityOff());

        bool hasFamily = request.TryFind(StunAttributeType.RequestedAddressFamily, out var family);
        bool hasAdditional = request.TryFind(StunAttributeType.AdditionalAddressFamily, out var additional);
        bool hasEven = request.TryFind(StunAttributeType.EvenPort, out var even);
        bool hasToken = request.TryFind(StunAttributeType.ReservationToken, out var token);
        if (hasEven && even.Value.Length != 1) return Bad(StunAttributeType.EvenPort);
        bool reservesNext = hasEven && (even.Value[0] & 0x80) != 0;

        ulong reservation = 0;
        if (hasToken && (hasEven || hasFamily || hasAdditional || !token.TryReadUInt64(out reservation))) return Bad(StunAttributeType.ReservationToken);
        bool isIPv6 = false;
        if (hasFamily && !TryReadFamily(family, out isIPv6))
            return (StunErrorCode.AddressFamilyNotSupported, new TurnRefusal.FamilyNotServed(IsIPv6: false));
        if (hasAdditional && (hasFamily || reservesNext || !TryReadFamily(additional, out bool isSecondIPv6) || !isSecondIPv6))
            return Bad(StunAttributeType.AdditionalAddressFamily);
        if (!TryReadLifetime(request, out var lifetime)) return Bad(StunAttributeType.Lifetime);

        wish = new Wish(!isIPv6, isIPv6 || hasAdditional, hasEven, reservesNext, hasToken ? reservation : null,
            lifetime is { } asked && asked > _options.DefaultLifetime ? Min(asked, _options.MaxLifetime) : _options.DefaultLifetime)
        {
            Protocol = isTcp ? TransportProtocol.Tcp : TransportProtocol.Udp,
            IsMobile = isMobile && !isTcp,
        };
        return null;
    }

    /// <summary>Gives it relayed addresses, or none and the reason.</summary>
    private (int Code, TurnRefusal Refusal)? TryFurnish(Allocation allocation, in Wish wish, Instant now)
    {
        if (wish.Token is { } token) return TakeReserved(allocation, token, now);

        bool first = wish.WantsIPv4 ? _relayIPv4 is not null : _relayIPv6 is not null;
        if (!first && !(wish.IsDual && _relayIPv6 is not null))
            return (StunErrorCode.AddressFamilyNotSupported, new TurnRefusal.FamilyNotServed(!wish.WantsIPv4));

        string account = allocation.Identity.Account;
        int booked = (wish.IsDual ? 2 : 1) + (wish.ReservesNext ? 1 : 0);
        if (_ledger.TryTake(account, booked) is { } limit) return RefuseBy(limit, allocation.Identity);

        if (wish.WantsIPv4) allocation.IPv4 = Open(allocation, isIPv4: true, wish, now);
        if (wish.WantsIPv6) allocation.IPv6 = Open(allocation, isIPv4: false, wish, now);
        int opened = (allocation.IPv4 is null ? 0 : 1) + (allocation.IPv6 is null ? 0 : 1) + (allocation.ReservationToken is null ? 0 : 1);
        for (int i = opened; i < booked; i++) _ledger.Release(account);
        if (opened == 0) return (StunErrorCode.InsufficientCapacity, new TurnRefusal.PortsExhausted());
        if (wish.IsDual && opened == 1)
        {
            bool served = RelayOf(allocation.IPv4 is null) is not null;
            allocation.AdditionalFamilyError = served ? StunErrorCode.InsufficientCapacity : StunErrorCode.AddressFamilyNotSupported;
        }

        return null;
    }

    private (int Code, TurnRefusal Refusal) RefuseBy(RelayLimit limit, TurnIdentity identity) => limit is RelayLimit.User
        ? (StunErrorCode.AllocationQuotaReached, new TurnRefusal.UserQuota(identity.Display, _options.UserQuota))
        : (StunErrorCode.InsufficientCapacity, new TurnRefusal.TotalQuota(_options.TotalQuota));

    private void AnswerAllocate(in Asked asked, Allocation allocation)
    {
        var writer = Begin(asked, StunClass.SuccessResponse);
        if (allocation.IPv4 is { } four) writer.AddXorAddress(StunAttributeType.XorRelayedAddress, four.Announced);
        if (allocation.IPv6 is { } six) writer.AddXorAddress(StunAttributeType.XorRelayedAddress, six.Announced);
        writer.Add(StunAttributeType.Lifetime, (uint)allocation.Granted.TotalSeconds);
        writer.AddXorAddress(StunAttributeType.XorMappedAddress, asked.FiveTuple.Client);
        if (allocation.ReservationToken is { } token) writer.Add(StunAttributeType.ReservationToken, token);
        if (allocation.AdditionalFamilyError != 0) WriteAddressError(ref writer, allocation.IPv6 is null, allocation.AdditionalFamilyError);
        WriteTicket(ref writer, allocation);
        Finish(ref writer, asked, allocation.Identity);
    }

    private static (int, TurnRefusal) Bad(StunAttributeType type) => (StunErrorCode.BadRequest, new TurnRefusal.BadAttribute(type));

    private static bool TryReadLifetime(in StunReader request, out TimeSpan? lifetime)
    {
        lifetime = null;
        if (!request.TryFind(StunAttributeType.Lifetime, out var attribute)) return true;
        if (!attribute.TryReadUInt32(out uint seconds)) return false;
        lifetime = TimeSpan.FromSeconds(seconds);
        return true;
    }

    // REQUESTED-ADDRESS-FAMILY and ADDITIONAL-ADDRESS-FAMILY (RFC 8656 §18.6, §18.11).
    private static bool TryReadFamily(in StunAttribute attribute, out bool isIPv6)
    {
        isIPv6 = attribute.Value is [0x02, _, _, _];
        return isIPv6 || attribute.Value is [0x01, _, _, _];
    }

    private static byte Family(bool isIPv6) => isIPv6 ? (byte)0x02 : (byte)0x01;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
