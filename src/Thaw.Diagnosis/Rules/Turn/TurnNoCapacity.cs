namespace Thaw.Diagnosis.Rules;

internal static class TurnNoCapacity
{
    public static readonly Rule Rule = new("turn-no-capacity", Scope.Path,
        a => a.Relay is not null ? null
            : a.Established("turn-no-capacity") is { } said ? Finding.Of(0.93, said, a.Error(508).As("508: insufficient capacity"))
            : a.Error(508) is { } full && !TurnFacts.OthersSaid(a) ? Finding.Of(0.9, full.As("508: the relay has no port left, or is going down"))
            : null);
}
