using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class SignallingUnreachable
{
    public static readonly Rule Rule = new("signalling-unreachable", Scope.Connecting,
        a => a.OfferAnswered is null && a.Last<Fact.Http>(http => http.Step is HttpStep.Offer or HttpStep.Start) is { Status: null, Error: { } error } failed
                && !CorsBlocked.IsPreflight(a) && a.Works(CorsBlocked.IsHttp) is null
            ? Finding.Of(failed.IsCrossOrigin is true ? 0.65 : 0.85, failed.As($"the request got no answer of any kind: {error}"))
                ?.Or("cors-blocked", failed.IsCrossOrigin is true ? 0.3 : 0.05, "the browser's console: it names CORS if that was it")
            : null,
        a => a.OfferAnswered.As("the server answered"));
}
