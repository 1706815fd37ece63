using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class TurnExternalIpMissing
{
    public static readonly Rule Rule = new("turn-external-ip-missing", Scope.Path,
        a =>
        {
            if (a.Answered is not null) return null;
            if (a.Established("turn-external-ip-missing") is { } said) return Finding.Of(0.92, said);
            var inside = a.Local.FirstOrDefault(c => c.Type is CandidateKind.Relay && Attempt.IsInside(c.Class));
            return inside is not null && TurnFacts.HasPublicHost(a) ? Finding.Of(0.85, inside.As("the relay gives out an address of its own inner network"), a.Failed.As("and no path came about")) : null;
        },
        a => a.Relay is { Class: AddressClass.Public } relay ? relay.As("the relay's address is public") : null);
}
