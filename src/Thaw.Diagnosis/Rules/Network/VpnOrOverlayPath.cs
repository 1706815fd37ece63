using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class VpnOrOverlayPath
{
    public static readonly Rule Rule = new("vpn-or-overlay-path", Scope.Path,
        a => a.Silence is { } silence && a.Relay is null && Of(a) is { } vpn
            ? Finding.Of(vpn.Network is "vpn" ? 0.62 : 0.5, vpn.As(vpn.Network is "vpn" ? "this address belongs to a VPN" : "this address is a provider's or an overlay's (100.64.0.0/10)"), silence.As("no check was answered"))
                ?.Or("server-inbound-udp-closed", 0.3, "the same call with the VPN switched off")
            : null);

    public static Fact.Candidate? Of(Attempt a) => a.Local.FirstOrDefault(c => c.Network is "vpn") ?? a.Local.FirstOrDefault(c => c is { Type: CandidateKind.Host, Class: AddressClass.Provider });
}
