using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>A browser tells a page nothing but TypeError; the preflight, or a probe of the same URL, tells the rest.</summary>
internal static class CorsBlocked
{
    public static readonly Rule Rule = new("cors-blocked", Scope.Connecting,
        a =>
        {
            if (a.WasConnected) return null;
            var preflight = Preflight(a);
            var blocked = a.First<Fact.Http>(http => http.Error is not null && http.Status is null && http.Step is not HttpStep.Preflight && http.IsCrossOrigin is true);
            var alive = a.Works(IsHttp);
            if (preflight is null && (blocked is null || a.Page is { IsOnline: false } || alive is null && blocked.Step is not HttpStep.Candidates)) return null;
            return Finding.Of(preflight is null ? 0.75 : 0.95, preflight.As($"the server refuses the browser's preliminary question (OPTIONS) with {preflight?.Status}"),
                blocked.As($"the request to another origin never left: {blocked?.Error}"), alive.As("the same server answers whoever is no browser"));
        },
        a => a.OfferAnswered is { } answered && a.CandidatesRefused is null ? answered.As("the browser let the request through") : null);

    public static bool IsPreflight(Attempt a) => Preflight(a) is not null;

    public static bool IsHttp(string url) => url.StartsWith("http", StringComparison.OrdinalIgnoreCase);

    private static Fact.Http? Preflight(Attempt a) => a.First<Fact.Http>(http => http is { Step: HttpStep.Preflight, Status: >= 400 });
}
