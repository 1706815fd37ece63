using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class TrickleEndpointBroken
{
    public static readonly Rule Rule = new("trickle-endpoint-broken", Scope.Connecting,
        a => a.OfferAnswered is not null && a.CandidatesRefused is { IsEnd: false } refused && !CorsBlocked.IsPreflight(a) && refused is not { Error: not null, IsCrossOrigin: true }
            ? Finding.Of(a.LocalDescription is { Candidates: > 0 } ? 0.65 : 0.9,
                refused.As($"the server takes no candidates after the offer: {refused.Method} gets {(refused.Status is { } status ? $"{status}" : refused.Error)}")) : null,
        a => a.First<Fact.Http>(http => http is { Step: HttpStep.Candidates, Status: >= 200 and < 300 }).As("the server took the candidates"));
}
