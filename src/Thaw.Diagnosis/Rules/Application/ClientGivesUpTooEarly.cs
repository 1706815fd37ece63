using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>It ends while something is still coming in.</summary>
internal static class ClientGivesUpTooEarly
{
    private const double Fair = 15_000; // ms
    private const double Recent = 2_000;

    public static readonly Rule Rule = new("client-gives-up-too-early", Scope.Connecting,
        a =>
        {
            if (a.Last<Fact.Client>(c => c.Step is ClientStep.GaveUp) is not { } end || end.T >= Fair || a.OfferAnswered is null || a.Connection.Any(state => state.Value is "failed")) return null;
            var late = a.Local.LastOrDefault(c => c.Type is CandidateKind.Relay or CandidateKind.Srflx && end.T - c.T is >= 0 and <= Recent) as Fact ?? (a.Answered is { } answered && end.T - answered.T <= Recent ? answered : null);
            return late is null ? null : Finding.Of(0.75, end.As($"the page gave up after {Seconds.Of(end.T)}"), late.As("while a new way had just come in"));
        });
}
