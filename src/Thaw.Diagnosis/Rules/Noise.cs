using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>What looks like a fault and is none. Named, because a reader of the input finds it first.</summary>
internal static class Noise
{
    public static IEnumerable<(string Id, Cite Cite, string Why)> In(Attempt a)
    {
        if (a.Of<Fact.CandidateError>().FirstOrDefault(e => e.Code == 701 && IsNoise(a, e)) is { } dead)
            yield return ("icecandidateerror-701", new(dead, "one server or one interface did not answer"), a.WasConnected ? "another way worked, so this server was not needed" : "the same server answered on another interface");
        if (a.Of<Fact.CandidateError>().FirstOrDefault(e => e.Code is 401 or 438 or 437 or 486 or 508 && (a.WasConnected || a.Local.Any(c => c.Url == e.Url))) is { } turn)
            yield return ($"icecandidateerror-{turn.Code}", new(turn, $"a TURN server answered {turn.Code}"), a.WasConnected ? "the call did not need that relay" : "a later request of the same server succeeded");
        if (a.Of<Fact.RelayEvent>().FirstOrDefault(r => r is { Step: RelayStep.Refused, Code: 401, Cause: null }) is { } challenge)
            yield return ("turn-401-challenge", new(challenge, "the first request of every TURN session is refused with 401"), "it carries the challenge; the next one has the credential");
        if (a.Of<Fact.RelayEvent>().FirstOrDefault(r => r is { Step: RelayStep.Refused, Code: 437, Cause: null }) is { } again)
            yield return ("turn-437-retransmit", new(again, "437: the relay had this request already"), "a repeated packet, and its first copy succeeded");
        if (a.Of<Fact.RelayEvent>().FirstOrDefault(r => r is { Step: RelayStep.Refused, Code: 403 }) is { } forbidden && a.Answered is not null)
            yield return ("turn-403-private-peer", new(forbidden, "the relay refuses a peer"), "private addresses are refused by default; another pair works");
        if (a.Server is { StunError: 487, ChecksAnswered: > 0 } role)
            yield return ("stun-487-role-conflict", new(role, "a check was answered with 487"), "both sides wanted to lead, one gave way: that is how ICE settles it");
        if (a.WasConnected && a.Pairs.FirstOrDefault(pair => pair.State is "failed") is { } pair)
            yield return ("failed-pairs", new(pair, "some pairs of addresses failed"), "most always do: one that works is enough");
        if (a.IsConnected && a.Connection.FirstOrDefault(s => s.Value is "disconnected") is { } gap)
            yield return ("path-changed", new(gap, "the path was gone for a while"), "it came back");
    }

    private static bool IsNoise(Attempt a, Fact.CandidateError error) => a.WasConnected || a.Local.Any(c => c.Url == error.Url);
}
