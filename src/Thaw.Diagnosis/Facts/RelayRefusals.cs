using Thaw.Protocol.Turn;

namespace Thaw.Diagnosis.Facts;

/// <summary>What a relay's own reason for a refusal means for a call.</summary>
public static class RelayRefusals
{
    /// <summary>An id of the catalogue; null where nothing is wrong: a challenge, a repeated packet, a stale nonce.</summary>
    public static string? CauseOf(TurnRefusal refusal) => refusal switch
    {
        TurnRefusal.Challenge or TurnRefusal.NonceNotAccepted or TurnRefusal.AllocationExists or TurnRefusal.NoAllocation => null,
        TurnRefusal.PeerFamilyMismatch or TurnRefusal.FamilyNotServed or TurnRefusal.NoSuchReservation or TurnRefusal.ChannelInUse => null, // clients go on without
        TurnRefusal.UnknownUser { User: var user } when IsReversed(user) => "turn-rest-username-reversed",
        TurnRefusal.WrongPassword or TurnRefusal.UnknownUser or TurnRefusal.CredentialWithoutExpiry or TurnRefusal.UnknownUserhash => "turn-bad-credentials",
        TurnRefusal.CredentialExpired => "turn-expired-credentials",
        TurnRefusal.WrongRealm => "turn-realm-mismatch",
        TurnRefusal.PeerDenied => "turn-peer-forbidden",
        TurnRefusal.UserQuota => "turn-quota-reached",
        TurnRefusal.TotalQuota or TurnRefusal.PortsExhausted or TurnRefusal.TooManyPeers => "turn-no-capacity",
        TurnRefusal.Draining => "turn-redirected",
        _ => "turn-allocation-refused",
    };

    // name:1700000000
    private static bool IsReversed(string user)
        => user.LastIndexOf(':') is > 0 and var at && user.Length - at - 1 is >= 9 and <= 11 && user.AsSpan(at + 1).IndexOfAnyExceptInRange('0', '9') < 0;
}
