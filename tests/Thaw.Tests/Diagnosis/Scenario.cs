namespace Thaw.Tests.Diagnosis;

/// <summary>One way to hang as it is recorded, and the nearest recording that is something else.</summary>
/// <param name="Cause">The one rule that must speak.</param>
/// <param name="NotWhen">What is different in the counter-example.</param>
internal sealed record Scenario(string Cause, Call Golden, string NotWhen, Call Counter)
{
    public static IReadOnlyList<Scenario> All { get; } =
        [.. PageScenarios.All, .. SignallingScenarios.All, .. GatheringScenarios.All, .. TurnScenarios.All, .. NetworkScenarios.All, .. HostScenarios.All, .. IceScenarios.All, .. TransportScenarios.All, .. ApplicationScenarios.All];
}
