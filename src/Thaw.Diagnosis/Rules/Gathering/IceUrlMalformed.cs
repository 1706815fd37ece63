using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class IceUrlMalformed
{
    public static readonly Rule Rule = new("ice-url-malformed", Scope.Connecting,
        a => a.Last<Fact.SetupFailed>() is { } failed && a.OfferSent is null
            ? Finding.Of(0.97, failed.As($"the browser refuses the configuration: {failed.Error}{(failed.Message is { Length: > 0 } said ? $": {said}" : "")}")) : null,
        a => a.GatheringBegan.As("the browser took the configuration"));
}
