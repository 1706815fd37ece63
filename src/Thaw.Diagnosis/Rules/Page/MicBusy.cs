using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>Either it cannot be opened, or it is open and delivers nothing but silence while the connection is well.</summary>
internal static class MicBusy
{
    private const double Long = 5_000; // ms

    public static readonly Rule Rule = new("mic-busy-or-audio-stack-stuck", Scope.Both,
        a =>
        {
            if (a.OfferSent is null)
                return Finding.Of(0.9, a.CaptureFailed("NotReadableError", "AbortError", "TrackStartError").As("the microphone exists and cannot be opened: another program has it, or the audio system hangs"));
            var sent = a.Of<Fact.Media>().Where(m => m.Direction is Direction.Out && m.Side is Side.Browser).ToArray();
            return a.IsConnected && sent.Length > 1 && sent.All(m => m is { Level: 0 } or { IsMuted: true }) && sent[^1].T - sent[0].T >= Long
                ? Finding.Of(0.65, sent[^1].As("packets of absolute silence: even a quiet room has some level"))?.Or("connected-no-audio", 0.2, "speak, and see whether the level moves in the system's own settings")
                : null;
        });
}
