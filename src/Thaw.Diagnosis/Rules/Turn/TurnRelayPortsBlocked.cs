using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>It gives out addresses, and nothing comes through them.</summary>
internal static class TurnRelayPortsBlocked
{
    public static readonly Rule Rule = new("turn-relay-ports-blocked", Scope.Path,
        a =>
        {
            if (a.Answered is not null) return null;
            if (a.Established("turn-relay-ports-blocked") is { } said) return Finding.Of(0.9, said, a.Relay.As("the relay gave an address"));
            var through = a.Pairs.FirstOrDefault(pair => pair is { Local: CandidateKind.Relay, RequestsSent: > 4, ResponsesReceived: 0 or null, RequestsReceived: 0 or null });
            if (through is null || a.Relay is not { Class: AddressClass.Public } relay || a.RelaySaid("turn-peer-forbidden") is not null || a.Local.Any(c => c.Type is not CandidateKind.Relay)) return null;
            return Finding.Of(a.ServerHeardNothing is true ? 0.72 : 0.6, through.As("checks go into the relay, nothing comes back through it"), relay.As("its address is public"), a.ServerHeardNothing is true ? a.Server.As("nothing arrives at the other side") : null)
                ?.Or("server-inbound-udp-closed", 0.3, "thaw ice --ice-servers URL: it sends a packet to itself through the relay");
        });
}
