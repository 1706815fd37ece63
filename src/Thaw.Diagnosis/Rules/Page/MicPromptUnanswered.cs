using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>Nothing happens while the browser asks; only the clock shows it.</summary>
internal static class MicPromptUnanswered
{
    private const double Patience = 5_000; // ms: who reads the question has answered it by then

    public static readonly Rule Rule = new("mic-prompt-unanswered", Scope.Connecting,
        a =>
        {
            if (a.OfferSent is not null || a.Of<Fact.Capture>() is not [.., { Step: CaptureStep.Asked } asked] || a.Now - asked.T < Patience) return null;
            var permission = a.Last<Fact.Permission>();
            if (permission is { State: not PermissionState.Prompt } || a.Page is { IsSecureContext: false }) return null;
            return Finding.Of(permission is null ? 0.7 : 0.9,
                asked.As($"the browser has been asking for the microphone for {Seconds.Of(a.Now - asked.T)}, without an answer"), permission.As("the question is open"));
        },
        a => a.CaptureGranted.As("the microphone was granted"));
}
