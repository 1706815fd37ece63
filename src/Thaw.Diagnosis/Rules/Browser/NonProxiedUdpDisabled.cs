using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>Online, asked, and no address: the browser was told to name none. It reports no error.</summary>
internal static class NonProxiedUdpDisabled
{
    private const double Patience = 2_500; // ms: addresses of interfaces are there in milliseconds

    public static readonly Rule Rule = new("non-proxied-udp-disabled", Scope.Connecting,
        a =>
        {
            if (a.LocalCount is not 0 || a.IsRelayOnly || a.Page is { IsOnline: false } || a.Established("no-usable-interface") is not null || a.Error(701) is not null) return null;
            if (a.GatheringComplete is null && (a.GatheringBegan is not { } began || a.Now - began.T < Patience)) return null;
            return Finding.Of(a.Page is { IsOnline: true } ? 0.85 : 0.7, a.GatheringComplete.As("gathering is complete, and the browser named no address at all"), a.GatheringBegan.As("it had begun"),
                a.Page.As("the browser is online"))?.Or("no-usable-interface", a.Page is { IsOnline: true } ? 0.05 : 0.2, "another browser on the same machine");
        },
        a => a.Local.FirstOrDefault(c => c.Type is CandidateKind.Host).As("the browser names its addresses"));
}
