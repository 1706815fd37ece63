using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

// The page and its requests.
internal sealed partial class Attempt
{
    public Fact.Environment? Page => field ??= Last<Fact.Environment>(e => e.Side is Side.Browser);

    public Fact.Environment? Host => field ??= Last<Fact.Environment>(e => e.Side is Side.Server);

    public Fact.Http? OfferSent => field ??= First<Fact.Http>(http => http.Step is HttpStep.Offer);

    /// <summary>The offer had an answer that is one.</summary>
    public Fact.Http? OfferAnswered => field ??= First<Fact.Http>(http => http.Step is HttpStep.Offer && http.Status is >= 200 and < 300);

    /// <summary>The latest word on the offer is a refusal or nothing at all.</summary>
    public Fact.Http? OfferRefused => field ??= OfferAnswered is null ? Last<Fact.Http>(http => http.Step is HttpStep.Offer or HttpStep.Start && (http.Status is >= 400 || http.Error is not null)) : null;

    /// <summary>The connection answers with a fault of the request for more candidates.</summary>
    public Fact.Http? CandidatesRefused => field ??= First<Fact.Http>(http => http.Step is HttpStep.Candidates && (http.Status is >= 400 || http.Error is not null));

    public Fact.Http? CandidatesSent => field ??= First<Fact.Http>(http => http.Step is HttpStep.Candidates && http.Error is null && http.Status is null or < 400);

    public Fact.Description? LocalDescription => field ??= Told<Fact.Description>().FirstOrDefault(d => d.Origin is Origin.Local && d.Error is null);

    public Fact.Description? RemoteDescription => field ??= Told<Fact.Description>().LastOrDefault(d => d.Origin is Origin.Remote && d.Error is null);

    public Fact? CaptureFailed(params ReadOnlySpan<string> errors)
    {
        foreach (var capture in Of<Fact.Capture>())
            if (capture is { Step: CaptureStep.Failed, Error: { } error } && errors.Contains(error)) return Of<Fact.Capture>() is [.., { Step: CaptureStep.Granted }] ? null : capture;
        return null;
    }

    public Fact? CaptureGranted => Of<Fact.Capture>().FirstOrDefault(c => c.Step is CaptureStep.Granted);
}
