using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>What several rules about TURN ask.</summary>
internal static class TurnFacts
{
    /// <summary>A 401 whose reason the server or a probe has told.</summary>
    public static bool OthersSaid(Attempt a) => a.Of<Fact.RelayEvent>().Any(relay => relay is { Step: RelayStep.Refused, Cause: not null, Code: 401 })
        || a.Of<Fact.ProbeResult>().Any(probe => probe is { Outcome: ProbeOutcome.Failed, Cause: not null } && Attempt.IsTurn(probe.Url));

    public static bool HasPublicHost(Attempt a) => a.Remote.Concat(a.Local).Any(c => c.Class is AddressClass.Public);
}
