using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Rules;

namespace Thaw.Diagnosis.Verdicts;

/// <summary>What happened when: the steps, without what repeats.</summary>
internal static class Timelines
{
    private const int Most = 40;

    public static IReadOnlyList<Moment> Of(Attempt a) => [.. a.Facts.Select(Tell).OfType<Moment>().Take(Most)];

    private static Moment? Tell(Fact fact) => fact switch
    {
        Fact.Capture c => new(c.T, "media-permission", $"microphone {Word(c.Step.ToString())}{Tail(c.Error)}"),
        Fact.Http { Status: null, Error: null } h => new(h.T, "signalling", $"{Word(h.Step.ToString())} sent"),
        Fact.Http h => new(h.T, "signalling", $"{Word(h.Step.ToString())} answered {h.Status?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? h.Error}"),
        Fact.SetupFailed s => new(s.T, "gathering", $"configuration refused: {s.Error}"),
        Fact.Gathering g => new(g.T, "gathering", $"gathering {Word(g.State.ToString())}"),
        Fact.CandidateError e => new(e.T, "gathering", $"{e.Code} from {e.Url}"),
        Fact.Description d => new(d.T, "candidate-exchange", $"{Word(d.Origin.ToString())} {Word(d.Type.ToString())}, {d.Candidates} candidates"),
        Fact.StateChanged s => new(s.T, "checks", $"{Word(s.Of.ToString())} {s.Value}"),
        Fact.Channel c => new(c.T, "sctp-srtp", $"data channel {c.State}"),
        Fact.Rtvi r => new(r.T, "media", r.Type),
        Fact.Stall s => new(s.T, "signalling", $"{Word(s.Side.ToString())} stood still for {Seconds.Of(s.Ms)}"),
        Fact.Client c => new(c.T, "signalling", $"client: {Word(c.Step.ToString())}"),
        Fact.Ended e => new(e.T, "after-connect", $"ended: {e.Reason}"),
        _ => null,
    };

    private static string Word(string name) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    private static string Tail(string? text) => text is null ? "" : $": {text}";
}

/// <summary>How long each step took, held against what it may take: facts of healthy calls.</summary>
internal static class Phases
{
    public static IReadOnlyList<Phase> Of(Attempt a) =>
    [
        .. new[]
        {
            Between("microphone", a.First<Fact.Capture>(c => c.Step is CaptureStep.Asked), a.CaptureGranted, 5_000, a),
            Between("host-candidate", a.GatheringBegan, a.Local is [var first, ..] ? first : null, 200, a),
            a.Urls.Any() ? Between("srflx", a.GatheringBegan, a.Srflx, 500, a) : null,
            a.TurnUrls.Any() ? Between("relay", a.GatheringBegan, a.Relay, 2_000, a) : null,
            a.OfferAnswered is { TookMs: { } took } ? new Phase("offer-answer", took, 2_000, took > 2_000 ? "slow" : "ok") : null,
            Between("checks", a.OfferAnswered, a.IceConnected, 2_500, a),
            Between("dtls", a.IceConnected, a.ConnectedAt, 2_000, a),
            Between("data-channel", a.ConnectedAt, a.First<Fact.Channel>(c => c.State is "open"), 2_000, a),
        }.OfType<Phase>(),
    ];

    private static Phase? Between(string name, Fact? from, Fact? to, double budget, Attempt a)
        => from is null ? null
            : to is null ? new Phase(name, null, budget, a.Failed is not null ? "failed" : a.Now - from.T > budget ? "missing" : "ok")
            : new Phase(name, Math.Max(0, to.T - from.T), budget, to.T - from.T > budget ? "slow" : "ok");
}
