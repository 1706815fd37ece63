using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    /// <summary>RFC 8656 §8.2. A lifetime of 0 ends it: all of it, or the one family that is named.</summary>
    private void Refresh(in StunReader request, in Asked asked, Allocation allocation, Instant now)
    {
        if (!TryReadLifetime(request, out var wanted))
        {
            Refuse(asked, allocation.Identity, StunErrorCode.BadRequest, new TurnRefusal.BadAttribute(StunAttributeType.Lifetime));
            return;
        }

        if (FindFlawOfTicket(request, allocation) is var (flaw, why))
        {
            Refuse(asked, allocation.Identity, flaw, why);
            return;
        }

        RelayedTransportAddress? named = null;
        if (request.TryFind(StunAttributeType.RequestedAddressFamily, out var family))
        {
            named = TryReadFamily(family, out bool isIPv6) ? isIPv6 ? allocation.IPv6 : allocation.IPv4 : null;
            if (named is null)
            {
                Refuse(asked, allocation.Identity, StunErrorCode.PeerAddressFamilyMismatch, new TurnRefusal.FamilyNotServed(isIPv6));
                return;
            }
        }

        var granted = TimeSpan.Zero;
        if (wanted != TimeSpan.Zero)
        {
            granted = Grant(wanted, allocation.Identity, now);
            allocation.ExpiresAt = now + granted;
            Schedule(allocation);
            Move(request, asked, allocation);
        }
        else if (named is not null && allocation is { IPv4: not null, IPv6: not null })
        {
            if (named == allocation.IPv4) allocation.IPv4 = null;
            else allocation.IPv6 = null;
            GiveBack(named, allocation);
        }
        else
        {
            End(allocation, AllocationEnd.Released);
        }

        var writer = Begin(asked, StunClass.SuccessResponse);
        writer.Add(StunAttributeType.Lifetime, (uint)granted.TotalSeconds);
        if (request.Has(StunAttributeType.MobilityTicket)) WriteTicket(ref writer, allocation);
        Finish(ref writer, asked, allocation.Identity);
    }

    /// <summary>Between the default and the most (RFC 8656 §7.2), and no longer than the access token lasts (RFC 7635 §9).</summary>
    private TimeSpan Grant(TimeSpan? asked, TurnIdentity identity, Instant now)
    {
        var least = Min(_options.DefaultLifetime, _options.MaxLifetime);
        var granted = asked is { } wanted && wanted > least ? Min(wanted, _options.MaxLifetime) : least;
        return identity.TokenEndsAt is { } end ? Min(granted, TimeSpan.FromSeconds(Math.Max(1, end - UnixTime(now)))) : granted;
    }
}
