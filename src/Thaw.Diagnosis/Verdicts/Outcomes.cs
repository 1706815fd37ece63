using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Rules;

namespace Thaw.Diagnosis.Verdicts;

/// <summary>How it ended, and what nobody looked at.</summary>
internal static class Outcomes
{
    public static (string Outcome, string Severity) Of(Attempt a, bool hasCause)
        => a.Lost is not null ? ("failed", "fatal")
            : a.WasConnected ? (hasCause ? "connected-degraded" : "connected", "warning")
            : a.Failed is not null || hasCause ? ("failed", "fatal")
            : a.Facts.Count > 0 && a.Now < 30_000 && a.Of<Fact.Ended>().Count == 0 ? ("in-progress", "fatal")
            : ("unknown", "fatal");

    public static IEnumerable<string> Unmeasured(Attempt a)
    {
        if (a.Page is null && a.Of<Fact.Capture>().Count == 0 && a.Connection.Count == 0) yield return "the browser's side: its states, candidates and errors";
        if (a.Server is null) yield return "the server's account of the same attempt";
        if (a.OfferSent is null) yield return "the requests of signalling with their status";
        if (a.RemoteCount is null) yield return "the answer (SDP)";
        if (a.TurnUrls.Any() && a.Of<Fact.RelayEvent>().Count == 0 && a.Of<Fact.ProbeResult>().Count == 0) yield return "a probe of the TURN server (thaw ice --ice-servers URL), or its log of that minute";
    }
}
