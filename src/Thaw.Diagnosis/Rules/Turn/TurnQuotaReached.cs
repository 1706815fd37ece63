namespace Thaw.Diagnosis.Rules;

internal static class TurnQuotaReached
{
    public static readonly Rule Rule = new("turn-quota-reached", Scope.Path,
        a => a.Relay is not null ? null
            : a.Established("turn-quota-reached") is { } said ? Finding.Of(0.93, said, a.Error(486).As("486: allocation quota reached"))
            : a.Error(486) is { } full && !TurnFacts.OthersSaid(a) ? Finding.Of(0.9, full.As("486: this user, or all users together, have as many allocations as they may"))
            : null);
}
