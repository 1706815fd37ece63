using Thaw.Protocol.Turn;

namespace Thaw.Diagnosis.Facts;

/// <summary>What a relay's own reason for a refusal means for a call.</summary>
public static class RelayRefusals
{
    /// <summary>An id of the catalogue; null where nothing is wrong with a call: a challenge, a repeated packet, what clients go on without.</summary>
    public static string? CauseOf(TurnRefusal refusal) => refusal switch
    {
        TurnRefusal.UnknownUser { User: var user } when TurnCredential.IsReversed(user) => "turn-rest-username-reversed",
        TurnRefusal.WrongRealm => "turn-realm-mismatch",
        TurnRefusal.UserQuota => "turn-quota-reached",
        TurnRefusal.TotalQuota or TurnRefusal.PortsExhausted or TurnRefusal.TooManyPeers => "turn-no-capacity",
        TurnRefusal.Draining => "turn-redirected",
        { CauseId: var id } => id.StartsWith("turn-", StringComparison.Ordinal) ? id : null, // turn.NAME is no fault
    };
}
