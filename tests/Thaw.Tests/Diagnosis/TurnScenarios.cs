using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

internal static class TurnScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("turn-expired-credentials",
            Begin().Microphone().Expiring(-3_600, Turn).Gather(Host()).After(300).Error(401, Turn, "Unauthorized.").Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Host),
            "it lasts another hour", Begin().Microphone().Expiring(3_600, Turn).Gather(Host()).Error(401, Turn, "Unauthorized.").Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Host)),
        new("turn-bad-credentials",
            Begin().Microphone().Expiring(3_600, Turn).Gather(Host()).After(300).Error(401, Turn, "Unauthorized.").Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Host),
            "the relay itself says that it has expired", Ready(Turn).Gather(Host()).Error(401, Turn, "Unauthorized.").Refuses("turn-expired-credentials", 401).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Host)),
        new("turn-nonce-loop",
            Ready(Turn).Gather(Host()).After(300).Error(438, Turn, "Stale nonce").Refuses("turn-nonce-loop", 438).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Host),
            "one 438, and then an address", Ready(Turn).Gather(Host(), Relay()).Error(438, Turn, "Stale nonce").Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).State("connecting").Still(1_000)),
        new("turn-quota-reached",
            Ready(Turn).Gather(Host()).After(300).Error(486, Turn, "TURN allocate error.").Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Host),
            "another relay had room", Ready(Turn, TurnTcp).Gather(Host(), Relay(TurnTcp)).Error(486, Turn).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).State("connecting").Still(1_000)),
        new("turn-no-capacity",
            Ready(Turn).Gather(Host()).After(300).Error(508, Turn).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Host),
            "it is the user's own limit", Ready(Turn).Gather(Host()).Error(486, Turn).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Host)),
        new("turn-peer-forbidden",
            Begin().Microphone().RelayOnly(Turn).Gather(Relay()).Complete().Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).State("connecting").After(8).State("failed"),
            "it fails after the usual time", Begin().Microphone().RelayOnly(Turn).Gather(Relay()).Complete().Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).State("connecting").After(15_000).State("failed")),
        new("turn-external-ip-missing",
            Ready(Turn).Gather(Host(), Srflx(), Relay(address: "10.9.0.3")).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Relay),
            "the relay's address is public", Ready(Turn).Gather(Host(), Srflx(), Relay()).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(CandidateKind.Relay)),
        new("turn-relay-ports-blocked",
            Begin().Microphone().RelayOnly(Turn).Gather(Relay()).Complete().Offer().Answer(Theirs(ServersAddress)).State("connecting").After(6_000).See(new Fact.Pair("CP1", CandidateKind.Relay, CandidateKind.Host, "in-progress", 40, 0, 0)).After(9_000).State("failed").Server(PathFinding.NothingArrived),
            "it carries packets", Begin().Microphone().RelayOnly(Turn).Gather(Relay()).Complete().Offer().Answer(Theirs(ServersAddress)).Path(CandidateKind.Relay).Still(500)),
        new("turn-tcp-unreachable",
            Begin().Microphone().RelayOnly(TurnTcp).Gather().After(300).Error(701, TurnTcp, "Failed to establish connection").Offer(0).Answer(Theirs(ServersAddress)).Patch().After(300).State("failed"),
            "another relay works", Begin().Microphone().RelayOnly(TurnTcp, Turn).Gather(Relay()).Error(701, TurnTcp, "Failed to establish connection").Offer().Answer(Theirs(ServersAddress)).State("connecting").Still(500)),
        new("turns-certificate-invalid",
            Begin().Microphone().RelayOnly(TurnTls).Gather().After(300).Error(701, TurnTls, "Failed to establish connection").Offer(0).Answer(Theirs(ServersAddress)).Patch().After(300).State("failed"),
            "a probe found the port refused", Begin().Microphone().RelayOnly(TurnTls).Gather().Error(701, TurnTls, "Failed to establish connection").Probe("turn-tcp-unreachable", TurnTls).Offer(0).Answer(Theirs(ServersAddress)).Patch().State("failed")),
        new("turn-udp-only-url",
            Ready(Stun, Turn).Gather(Host()).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).After(24_000).TimesOut(Turn).TimesOut(Stun).Silence(CandidateKind.Host),
            "it is offered over TLS too", Ready(Turn, TurnTls).Gather(Host(), Relay(TurnTls, protocol: "tls")).TimesOut(Turn).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).State("connecting").Still(500)),
        .. new[]
        {
            "turn-quota-or-capacity", "turn-rest-username-reversed", "turn-realm-missing", "turn-realm-mismatch", "turn-udp-unreachable", "not-a-stun-server", "turn-allocation-refused", "turn-allocation-forbidden",
            "turns-certificate-wrong-name", "turns-certificate-expired", "turns-certificate-untrusted", "turns-handshake-failed",
        }.Select(cause => new Scenario(cause,
            Ready(Turn).Gather(Host()).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Probe(cause, Turn).Silence(CandidateKind.Host),
            "only a warning", Ready(Turn).Gather(Host()).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Probe(cause, Turn, ProbeOutcome.Warning).Silence(CandidateKind.Host))),
    ];
}
