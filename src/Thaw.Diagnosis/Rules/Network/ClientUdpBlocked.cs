namespace Thaw.Diagnosis.Rules;

/// <summary>Nothing that went by UDP was answered by anybody, while TCP works.</summary>
internal static class ClientUdpBlocked
{
    public static readonly Rule Rule = new("client-udp-blocked", Scope.Path,
        a =>
        {
            if (a.Answered is not null || a.Srflx is not null || a.Relay is { RelayProtocol: null or "udp" }) return null;
            if (a.Established("client-udp-blocked") is { } said) return Finding.Of(0.92, said);
            string[] asked = [.. a.Urls.Where(Attempt.IsUdp).Distinct()];
            var silent = a.Errors.Where(e => e.Code == 701 && Attempt.IsUdp(e.Url) && e.Text?.Contains("lookup", StringComparison.OrdinalIgnoreCase) is not true).ToArray();
            if (asked.Length < 2 || silent.Select(e => e.Url).Distinct().Count() < asked.Length || a.OfferAnswered is null) return null;
            if (a.TurnUrls.Any() && a.TurnUrls.All(Attempt.IsUdp)) return null; // turn-udp-only-url says what to do about it
            return Finding.Of(0.82, silent[0].As($"none of {asked.Length} servers answers by UDP"), silent.Length > 1 ? silent[^1].As("nor does this one") : null, a.OfferAnswered.As("TCP goes through, as the offer did"));
        },
        a => a.Srflx.As("a STUN server answered by UDP") ?? a.Answered.As("checks were answered"));
}
