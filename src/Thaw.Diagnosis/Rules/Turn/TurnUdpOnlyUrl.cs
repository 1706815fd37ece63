namespace Thaw.Diagnosis.Rules;

/// <summary>There is a relay, and it is asked for by UDP only, which this network does not let out.</summary>
internal static class TurnUdpOnlyUrl
{
    public static readonly Rule Rule = new("turn-udp-only-url", Scope.Path,
        a =>
        {
            if (a.Answered is not null || a.Relay is not null || a.Srflx is not null) return null;
            string[] turn = [.. a.TurnUrls];
            if (turn.Length == 0 || !turn.All(Attempt.IsUdp) || a.OfferAnswered is null && a.Works(Attempt.IsStream) is null) return null;
            var silent = a.Unreachable(Attempt.IsTurn, "timed out", "timeout") ?? a.Unreachable(url => Attempt.IsTurn(url) && a.Errors.Where(e => e.Code == 701).Select(e => e.Url).Distinct().Count() > 1);
            var said = a.Established("turn-udp-only-url");
            return said is null && silent is null ? null
                : Finding.Of(0.82, said, silent.As("the relay cannot be reached by UDP"), a.Servers.As("no URL of it uses TCP or TLS"), a.OfferAnswered.As("TCP goes through, as the offer did"));
        },
        a => a.TurnUrls.Any(Attempt.IsStream) ? a.Servers.As("the relay is offered over TCP or TLS too") : null);
}
