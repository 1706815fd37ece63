using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>What several rules about TURN ask.</summary>
internal static class TurnFacts
{
    /// <summary>A 401 whose reason the server or a probe has told.</summary>
    public static bool OthersSaid(Attempt a) => a.Of<Fact.RelayEvent>().Any(relay => relay is { Step: RelayStep.Refused, Cause: not null, Code: 401 })
        || a.Of<Fact.ProbeResult>().Any(probe => probe is { Outcome: ProbeOutcome.Failed, Cause: not null } && Attempt.IsTurn(probe.Url));

    /// <summary>There should have been a relay, and it refused or was not reached.</summary>
    public static bool Failed(Attempt a) => a.Relay is null && (OthersSaid(a) || a.Errors.Any(e => Attempt.IsTurn(e.Url)));

    public static bool HasPublicHost(Attempt a) => a.Remote.Concat(a.Local).Any(c => c.Class is AddressClass.Public);
}
