using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    private const int MaxUsername = 513; // RFC 8489 §14.3: fewer than 509 bytes; §14.9 gives a realm 763

    private TurnAccounts _accounts;
    private ServerNonce _nonces;
    private DateTimeOffset _wallClock;
    private Instant _wallClockAt;

    /// <summary>RFC 8489 §9.2.4. Whoever fails it has been answered when it returns.</summary>
    private bool TryAuthenticate(in StunReader request, in Asked asked, Allocation? allocation, Instant now, out TurnIdentity identity)
    {
        identity = null!;
        if (!request.Has(StunAttributeType.MessageIntegrity) && !request.Has(StunAttributeType.MessageIntegritySha256))
            return Challenge(asked, StunErrorCode.Unauthenticated, new TurnRefusal.Challenge(), now);

        if (FindFlaw(request) is { } flaw) return RefuseUnproven(asked, StunErrorCode.BadRequest, new TurnRefusal.BadAttribute(flaw), now);

        request.TryFind(StunAttributeType.Nonce, out var nonce);
        if (_nonces.Check(nonce.Value, asked.FiveTuple.Client, UnixTime(now), out var age) is { } fault)
            return Challenge(asked, StunErrorCode.StaleNonce, new TurnRefusal.NonceNotAccepted(fault, age), now);

        if (!TryChooseAlgorithm(request, out var algorithm))
            return RefuseUnproven(asked, StunErrorCode.BadRequest, new TurnRefusal.BidDown(), now);

        request.TryFind(StunAttributeType.Realm, out var realm);
        if (!realm.Value.SequenceEqual(_accounts.Realm))
            return Challenge(asked, StunErrorCode.Unauthenticated, new TurnRefusal.WrongRealm(TurnIdentity.ForDisplay(realm.Value)), now);

        // The key of a living allocation is at hand; and its credential may have run out meanwhile (docs/rfc/turn-server.md).
        if (allocation?.Identity is { } owner && request.TryFind(StunAttributeType.Username, out var username)
            && owner.Is(username.Value, algorithm, UnixTime(now)) && request.CheckIntegrity(owner.Key) is StunSeal.Valid)
        {
            identity = owner;
            return true;
        }

        if (_accounts.Recognise(request, algorithm, UnixTime(now), out var found, out var minted) is { } refusal)
            return Challenge(asked, StunErrorCode.Unauthenticated, refusal, now);

        identity = found!;
        if (allocation is not null && !identity.MayTakeOver(allocation.Identity))
            return Refuse(asked, identity, StunErrorCode.WrongCredentials, new TurnRefusal.OthersAllocation(identity.Display)); // RFC 8656 §5
        if (asked.Method is StunMethod.Allocate) NoteOddity(asked, identity, minted, now);
        return true;
    }

    private void NoteOddity(in Asked asked, TurnIdentity identity, TimeLimitedName? minted, Instant now)
    {
        if (minted is not { } name) return;
        if (name.IsReversed) Note(new Observation.CredentialReversed(asked.FiveTuple, identity.Display));
        if (name.Oddity(UnixTime(now)) is var oddity and not ExpiryOddity.None) Note(new Observation.CredentialLastsTooLong(asked.FiveTuple, identity.Display, oddity));
    }

    private static StunAttributeType? FindFlaw(in StunReader request)
    {
        if (!request.Has(StunAttributeType.Realm)) return StunAttributeType.Realm;
        if (!request.Has(StunAttributeType.Nonce)) return StunAttributeType.Nonce;
        if (request.Has(StunAttributeType.Userhash)) return null;
        return request.TryFind(StunAttributeType.Username, out var name) && name.Value.Length is > 0 and <= MaxUsername
            ? null
            : StunAttributeType.Username;
    }

    /// <summary>Once SHA-256 is on offer, the request must repeat the offer, so that nobody between can have changed it.</summary>
    private bool TryChooseAlgorithm(in StunReader request, out PasswordAlgorithm algorithm)
    {
        algorithm = PasswordAlgorithm.Md5;
        bool hasChosen = request.TryFind(StunAttributeType.PasswordAlgorithm, out var chosen);
        bool hasOffer = request.TryFind(StunAttributeType.PasswordAlgorithms, out var offer);
        if (!hasChosen && !hasOffer) return true; // RFC 8489 §9.2.4: a client of before
        if (!hasChosen || !hasOffer || !_accounts.OffersSha256) return false;
        if (!offer.Value.SequenceEqual(TurnAccounts.PasswordAlgorithms)) return false;
        if (!chosen.TryReadUInt32(out uint number)) return false;

        algorithm = (PasswordAlgorithm)(number >> 16);
        return (number & 0xFFFF) == 0 && algorithm is PasswordAlgorithm.Md5 or PasswordAlgorithm.Sha256;
    }
}
