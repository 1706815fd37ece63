using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>HTTP goes through the tunnel, media cannot.</summary>
internal static class TunnelOnly
{
    public static readonly Rule Rule = new("signalling-tunnel-only", Scope.Path,
        a => a.Silence is { } silence && Via(a) is { } tunnel && a.Relay is null && a.ServerHeardNothing is not false
            ? Finding.Of(0.82, tunnel.As($"the page came through {tunnel.Via}, which carries HTTP only"), silence.As("no packet found its way beside it")) : null);

    public static Fact.Http? Via(Attempt a) => a.First<Fact.Http>(http => http.Via is not null);
}
