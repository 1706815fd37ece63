using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>Five seconds is what a server waits for a STUN server that is silent.</summary>
internal static class SlowAnswer
{
    private const double Slow = 4_000; // ms

    public static readonly Rule Rule = new("slow-answer-server-gathering", Scope.Both,
        a => a.OfferAnswered is { TookMs: >= Slow and < 20_000 and var took } answered && a.Of<Fact.Stall>().Count == 0
            ? Finding.Of(took is >= 4_500 and <= 6_500 ? 0.75 : 0.62, answered.As($"the answer took {Seconds.Of(took)}"))?.Or("server-event-loop-stalled", 0.2, "the server's log of that time") : null,
        a => a.OfferAnswered is { TookMs: < Slow and var took } answered ? answered.As($"the answer took {took:0} ms") : null);
}
