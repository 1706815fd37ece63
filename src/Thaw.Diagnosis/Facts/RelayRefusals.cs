using Thaw.Protocol.Turn;

namespace Thaw.Diagnosis.Facts;

/// <summary>What a relay's own reason for a refusal means for a call.</summary>
public static class RelayRefusals
{
    /// <summary>An id of the catalogue; null where nothing is wrong with a call: a challenge, a repeated packet, what clients go on without.</summary>
    public static string? CauseOf(TurnRefusal refusal) => refusal switch
    {
        TurnRefusal.UnknownUser { User: var user } when IsReversed(user) => "turn-rest-username-reversed",
        TurnRefusal.WrongRealm => "turn-realm-mismatch",
        TurnRefusal.UserQuota => "turn-quota-reached",
        TurnRefusal.TotalQuota or TurnRefusal.PortsExhausted or TurnRefusal.TooManyPeers => "turn-no-capacity",
        TurnRefusal.Draining => "turn-redirected",
        { CauseId: var id } => id.StartsWith("turn-", StringComparison.Ordinal) ? id : null, // turn.NAME is no fault
    };

    // name:1700000000
    private static bool IsReversed(string user)
        => user.LastIndexOf(':') is > 0 and var at && user.Length - at - 1 is >= 9 and <= 11 && user.AsSpan(at + 1).IndexOfAnyExceptInRange('0', '9') < 0;
}
