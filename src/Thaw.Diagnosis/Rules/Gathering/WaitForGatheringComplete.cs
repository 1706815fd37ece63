namespace Thaw.Diagnosis.Rules;

/// <summary>The offer waits for the slowest server.</summary>
internal static class WaitForGatheringComplete
{
    private const double Slow = 4_000; // ms

    public static readonly Rule Rule = new("wait-for-gathering-complete", Scope.Both,
        a =>
        {
            if (a.GatheringBegan is not { } began) return null;
            double left = a.OfferSent?.T ?? a.Now;
            var complete = a.GatheringComplete is { } end && end.T <= left ? end : null;
            if (left - began.T < Slow || complete is null && a.OfferSent is not null || a.OfferSent is null && a.Local.Count == 0) return null;
            bool justThen = complete is not null && left - complete.T < 1_000;
            if (complete is not null && !justThen) return null;
            return Finding.Of(justThen && a.OfferSent is not null ? 0.92 : 0.7, a.OfferSent.As($"the offer left {Seconds.Of(left - began.T)} after gathering began"), complete.As("just when gathering was complete"),
                began.As("gathering began then, and the offer has not left yet"), a.Error(701).As("a server that does not answer holds it up"));
        },
        a => a.GatheringBegan is { } began && a.OfferSent is { } sent && sent.T - began.T < Slow ? sent.As($"the offer left {Math.Max(0, sent.T - began.T):0} ms after gathering began") : null);
}
