using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Rules;

/// <summary>The description left before anything was gathered, and nothing followed it.</summary>
internal static class OfferWithoutCandidates
{
    private const double Patience = 3_000; // ms: trickle starts within milliseconds

    public static readonly Rule Rule = new("offer-without-candidates", Scope.Connecting,
        a =>
        {
            if (a.LocalDescription is not { Type: DescriptionType.Offer, Candidates: 0 } offer || a.OfferAnswered is not { } answered || a.Now - answered.T < Patience) return null;
            if (a.LocalCount is 0 || a.Of<Fact.Http>().Any(http => http.Step is HttpStep.Candidates)) return null;
            var server = a.Server is { Path: PathFinding.NothingNamed } named ? named : null;
            return Finding.Of(server is null ? 0.8 : 0.93, offer.As("the offer names no address"), answered.As("no request with candidates follows it"), server.As("the server knows no address to check"));
        },
        a => a.LocalDescription is { Candidates: > 0 } offer ? offer.As($"the offer names {offer.Candidates} addresses") : a.CandidatesSent.As("candidates were sent after the offer"));
}
