using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class Offer4xx
{
    public static readonly Rule Rule = new("offer-http-4xx", Scope.Connecting,
        a => a.OfferRefused is { Status: >= 400 and < 500 } refused && !CorsBlocked.IsPreflight(a)
            ? Finding.Of(0.97, refused.As($"the server refused the {(refused.Step is HttpStep.Start ? "start" : "offer")} with {refused.Status}{(refused.Detail is { Length: > 0 } said ? $": {said}" : "")}")) : null,
        a => a.OfferAnswered.As("the offer was answered"));
}
