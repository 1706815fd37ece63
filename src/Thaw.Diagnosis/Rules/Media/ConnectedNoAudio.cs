using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class ConnectedNoAudio
{
    private const double Patience = 5_000; // ms

    public static readonly Rule Rule = new("connected-no-audio", Scope.Connected,
        a =>
        {
            if (!a.IsConnected || a.ConnectedAt is not { } up || a.First<Fact.Rtvi>(m => m is { Type: "error", IsFatal: true }) is not null) return null;
            var arriving = a.Last<Fact.Media>(m => m.Direction is Direction.In && m.Side is Side.Browser);
            if (arriving is { Playback: "blocked" or "suspended" }) return Finding.Of(0.93, arriving.As("sound arrives, and the browser does not play it before somebody clicks"), up.As("the connection is up"));
            if (arriving is { Packets: 0 } && arriving.T - up.T >= Patience) return Finding.Of(0.82, arriving.As($"not one packet of sound in {Seconds.Of(arriving.T - up.T)}"), up.As("the connection is up"));
            var heard = a.Last<Fact.Media>(m => m.Direction is Direction.In && m.Side is Side.Server);
            return heard is { Packets: 0 } && heard.T - up.T >= Patience ? Finding.Of(0.82, heard.As("not one packet of the microphone's arrived at the server"), up.As("the connection is up")) : null;
        },
        a => a.Last<Fact.Media>(m => m.Direction is Direction.In && m.Packets > 0).As("sound arrives"));
}
