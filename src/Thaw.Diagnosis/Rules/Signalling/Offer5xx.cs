using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>An offer that fails, or an answer with nobody behind it.</summary>
internal static class Offer5xx
{
    public static readonly Rule Rule = new("offer-http-5xx-or-bot-crash", Scope.Both,
        a => a.OfferRefused is { Status: >= 500 } refused && !a.WasConnected && !MayComeBack(a, refused) ? Finding.Of(0.95, refused.As($"the server failed with {refused.Status}{(refused.Detail is { Length: > 0 } said ? $": {said}" : "")}"))
            : a.First<Fact.Rtvi>(m => m is { Type: "error", IsFatal: true }) is { } fatal ? Finding.Of(0.9, fatal.As($"the connection works, the agent behind it does not{(fatal.Detail is { Length: > 0 } why ? $": {why}" : "")}"))
            : null,
        a => a.First<Fact.Rtvi>(m => m.Type is "bot-ready").As("the agent is ready"));

    // 503 means "not now" (RFC 9110 §15.6.4): clients try again, and it is a failure when they do not.
    private static bool MayComeBack(Attempt a, Fact.Http refused) => refused.Status == 503 && a.Failed is null && a.Now - refused.T < 3_000;
}
