namespace Thaw.Diagnosis.Rules;

/// <summary>One STUN server is silent while other UDP is not known to be blocked.</summary>
internal static class StunUnreachable
{
    public static readonly Rule Rule = new("stun-unreachable", Scope.Path,
        a =>
        {
            if (a.Answered is not null) return null;
            var probed = a.Established("stun-unreachable");
            var silent = a.Srflx is null && a.Relay is null && !a.TurnUrls.Any() && a.Urls.Count(Attempt.IsStun) == 1 ? a.Unreachable(Attempt.IsStun, "timed out", "timeout") : null;
            if (probed is null && silent is null) return null;
            return Finding.Of(probed is null ? 0.6 : 0.85, probed, silent.As($"{silent?.Url} did not answer"))?.Or("client-udp-blocked", probed is null ? 0.35 : 0.1, "a second STUN server in another network: silent too, it is this network that blocks UDP");
        },
        a => a.Srflx.As("a STUN server answered"));
}
