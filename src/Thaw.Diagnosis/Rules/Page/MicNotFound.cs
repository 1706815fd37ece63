using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class MicNotFound
{
    public static readonly Rule Rule = new("mic-not-found", Scope.Connecting,
        a => a.OfferSent is not null || a.CaptureGranted is not null ? null
            : Finding.Of(0.95, a.CaptureFailed("NotFoundError", "DevicesNotFoundError", "OverconstrainedError").As("there is no microphone that fits"),
                a.Last<Fact.Devices>(d => d.AudioInputs == 0).As("the browser sees no audio input")),
        a => a.CaptureGranted.As("there is a microphone, and it was granted"));
}
