using Thaw.Diagnosis.Facts;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

internal static class GatheringScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("ice-url-malformed",
            Begin().Microphone().See(new Fact.SetupFailed("SyntaxError", "'stun:a?transport=udp' is not a valid URL", "stun:a?transport=udp")),
            "the second configuration is taken", Begin().Microphone().See(new Fact.SetupFailed("SyntaxError")).Servers(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs(ServersAddress))),
        new("relay-policy-without-relay",
            Begin().Microphone().RelayOnly().Gather().Complete().State("new").Still(4_000),
            "there is a relay", Begin().Microphone().RelayOnly(Turn).Gather(Relay()).Still(4_000)),
        new("no-usable-interface",
            Begin(isOnline: false).Microphone().Servers(Stun).Gather().Complete().Still(4_000),
            "online, and no address all the same", Ready(Stun).Gather().Complete().Still(4_000)),
        new("non-proxied-udp-disabled",
            Ready(Stun).Gather().Complete().State("new").Still(4_000),
            "offline", Begin(isOnline: false).Microphone().Servers(Stun).Gather().Complete().Still(4_000)),
        new("wait-for-gathering-complete",
            Ready(Stun).Gather(Host()).After(40_000).TimesOut(Stun).Complete().After(5).Offer().Answer(Theirs(ServersAddress)).Connects(CandidateKind.Host),
            "it waits two seconds at most", Ready(Stun).Gather(Host()).After(2_000).Offer().Answer(Theirs(ServersAddress)).Connects(CandidateKind.Host)),
        new("no-ice-servers-configured",
            Ready().Gather(Host()).Complete().Offer(host: "192.168.9.4").Answer(Theirs("192.168.9.4")).Silence(CandidateKind.Host),
            "the two meet in the local network", Ready().Gather(Host()).Complete().Offer(host: "192.168.1.4").Answer(Theirs("192.168.1.4")).Connects(CandidateKind.Host)),
        new("stun-dns-failure",
            Ready(Stun).Gather(Host()).Offer().Answer(Theirs(ServersAddress)).After(13_000).Error(701, Stun, "STUN host lookup received error.").Silence(CandidateKind.Host),
            "its IPv6 base address fails, IPv4 works", Ready(Stun).Gather(Host(), Srflx()).Error(701, Stun, "STUN host lookup received error.").Offer().Answer(Theirs(ServersAddress)).State("connecting").Still(1_000)),
        new("stun-unreachable",
            Ready(Stun).Gather(Host()).Offer().Answer(Theirs(ServersAddress)).State("connecting").After(14_000).See(new Fact.Pair("CP1", CandidateKind.Host, CandidateKind.Host, "failed", 40, 0, 0)).State("failed").After(26_000).TimesOut(Stun),
            "it answered another interface", Ready(Stun).Gather(Host(), Srflx()).TimesOut(Stun).Offer().Answer(Theirs(ServersAddress)).State("connecting").Still(1_000)),
        new("extra-ice-servers-ignored",
            Ready(Stun, Turn).Gather(Host(), Srflx(), Relay()).Offer().See(new Fact.Configured([new(["turn:dead.example.org"]), new([TurnTcp])]), Side.Server).Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Probe("", TurnTcp, ProbeOutcome.Works).Silence(CandidateKind.Relay),
            "the server has a relay", Ready(Stun, Turn).Gather(Host(), Srflx(), Relay()).Offer().See(new Fact.Configured([new([Turn]), new([TurnTcp])]), Side.Server).Answer(Theirs(RelaysAddress, CandidateKind.Relay)).Probe("", TurnTcp, ProbeOutcome.Works).State("connecting").Still(1_000)),
    ];
}
