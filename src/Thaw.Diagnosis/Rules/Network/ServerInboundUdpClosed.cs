using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>We ask at an address that is right, and nothing gets there.</summary>
internal static class ServerInboundUdpClosed
{
    public static readonly Rule Rule = new("server-inbound-udp-closed", Scope.Path,
        a =>
        {
            if (a.Silence is not { } silence || TunnelOnly.Via(a) is not null || a.Relay is not null || a.ServerHeardNothing is false || a.IsRelayOnly) return null;
            if (a.Remote.FirstOrDefault(c => c is { Class: AddressClass.Public, Type: CandidateKind.Host or CandidateKind.Srflx }) is not { } named || VpnOrOverlayPath.Of(a) is not null) return null;
            if (a.Srflx is { } ours && ours.Address == named.Address || SymmetricNatNoRelay.Of(a) is not null || a.Of<Fact.HostCheck>().Count > 0 || a.Local.All(c => c.Class is AddressClass.Mdns) && a.Local.Count > 0 && a.Srflx is null) return null;
            if (TurnFacts.Failed(a) && a.ServerHeardNothing is null) return null; // then the relay is what is missing
            if (a.Errors.Any(e => e.Code == 701) && a.Srflx is null || PlatformWithoutUdp.IsKnown(a.Host?.Platform)) return null;
            return Finding.Of(a.ServerHeardNothing is true ? 0.85 : 0.62, silence.As("checks leave, nothing comes back"), a.ServerHeardNothing is true ? a.Server.As("not one packet of the browser's arrived at the server") : null,
                named.As("the server named a public address"), a.Srflx.As("UDP leaves this network: a STUN server answered"))
                ?.Or("symmetric-nat-no-relay", a.ServerHeardNothing is true ? 0.08 : 0.2, "the same call from another network, such as a phone's");
        },
        a => a.Server is { Datagrams: > 0 } seen ? seen.As($"{seen.Datagrams} packets of the browser's arrived at the server") : a.Answered.As("checks were answered"));
}
