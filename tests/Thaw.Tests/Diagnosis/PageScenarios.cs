using Thaw.Diagnosis.Facts;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

internal static class PageScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("insecure-context",
            Begin(isSecure: false).Still(4_000),
            "the page is on HTTPS", Begin().Still(4_000)),
        new("mic-permission-denied",
            Begin().See(new Fact.Permission(PermissionState.Denied)).See(new Fact.Capture(CaptureStep.Asked)).After(20).See(new Fact.Capture(CaptureStep.Failed, "NotAllowedError")).Still(3_000),
            "it was allowed at the second try", Begin().See(new Fact.Capture(CaptureStep.Asked)).See(new Fact.Capture(CaptureStep.Failed, "NotAllowedError")).After(900).Microphone().Servers(Stun).Gather(Host())),
        new("mic-prompt-unanswered",
            Begin().See(new Fact.Permission(PermissionState.Prompt)).See(new Fact.Capture(CaptureStep.Asked)).Still(12_000),
            "it has been asked just now", Begin().See(new Fact.Permission(PermissionState.Prompt)).See(new Fact.Capture(CaptureStep.Asked)).Still(2_000)),
        new("mic-not-found",
            Begin().See(new Fact.Devices(0)).See(new Fact.Capture(CaptureStep.Asked)).After(10).See(new Fact.Capture(CaptureStep.Failed, "NotFoundError")).Still(3_000),
            "the call goes on receive-only", Answered(Stun).See(new Fact.Devices(0)).Connects()),
        new("mic-busy-or-audio-stack-stuck",
            Begin().See(new Fact.Capture(CaptureStep.Asked)).After(400).See(new Fact.Capture(CaptureStep.Failed, "NotReadableError")).Still(3_000),
            "silence of a person", Answered(Stun).Connects().See(new Fact.Media(Direction.Out, 100, 0)).After(7_000).See(new Fact.Media(Direction.Out, 400, 0.002))),
    ];
}
