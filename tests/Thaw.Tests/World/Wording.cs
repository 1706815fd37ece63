using Thaw.Protocol;
using Thaw.Protocol.Ice;

namespace Thaw.Tests.World;

/// <summary>What endpoints noticed, in few words: a conversation is read line by line.</summary>
internal static class Wording
{
    public static string Of(object? value) => value switch
    {
        Signal.Local(var candidate) => $"tells {Of(candidate)}",
        Observation.LocalCandidateLearned(var candidate, var origin) => $"has {Of(candidate)} ({origin})",
        Observation.RemoteCandidateLearned(var candidate, var origin) => $"hears of {Of(candidate)} ({origin})",
        Observation.CandidateIgnored(var candidate, var reason) => $"ignores {Of(candidate)}: {reason}",
        Observation.CheckSent(var local, var remote, var attempt, var nominating) => $"{local} -> {remote} check {attempt}{(nominating ? " nominating" : "")}",
        Observation.CheckReceived(var local, var remote, var use) => $"{local} <- {remote} check{(use ? " use-candidate" : "")}",
        Observation.CheckAnswered(var local, var remote, var roundTrip, var mapped) => $"{local} <- {remote} answer, {roundTrip.TotalMilliseconds:0} ms, mapped {mapped}",
        Observation.CheckTimedOut(var local, var remote, var attempts) => $"{local} -> {remote} given up after {attempts}",
        Observation.CheckRejected(var local, var remote, var code, _) => $"{local} <- {remote} error {code}",
        Observation.DatagramDropped(var source, var reason) => $"drops {reason} from {source}",
        Observation.PairNominated(var local, var remote, var byPeer) => $"nominated{(byPeer ? " by the peer" : "")}: {Of(local)} to {Of(remote)}",
        Observation.PairSelected(var local, var remote) => $"selects {Of(local)} to {Of(remote)}",
        IceEvent.PairSelected => "pair selected",
        _ => value?.ToString() ?? "",
    };

    private static string Of(Candidate candidate)
        => candidate.Address == candidate.Base ? $"{candidate.Type} {candidate.Address}" : $"{candidate.Type} {candidate.Address} of {candidate.Base}";
}
