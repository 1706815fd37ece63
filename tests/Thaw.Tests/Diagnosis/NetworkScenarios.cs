using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

internal static class NetworkScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("client-udp-blocked",
            Ready(Stun, "stun:stun.example.net").Gather(Host()).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).After(24_000).TimesOut(Stun).TimesOut("stun:stun.example.net").Silence(CandidateKind.Host),
            "one of two answers", Ready(Stun, "stun:stun.example.net").Gather(Host(), Srflx(url: "stun:stun.example.net")).Offer().Answer(Theirs(ServersAddress)).After(40_000).TimesOut(Stun).State("connecting").Still(100)),
        new("server-inbound-udp-closed",
            Answered(Stun).Silence().Server(PathFinding.NothingArrived),
            "packets do arrive", Answered(Stun).Silence().Server(PathFinding.NothingReturned, datagrams: 30, received: 30)),
        new("one-way-path",
            Answered(Stun).Silence().Server(PathFinding.NothingReturned, datagrams: 30, received: 30),
            "nothing arrives at all", Answered(Stun).Silence().Server(PathFinding.NothingArrived)),
        new("symmetric-nat-no-relay",
            Ready(Stun, "stun:stun.example.net").Gather(Host(), Srflx(port: 40_001, related: Inside, relatedPort: 50_000), Srflx(port: 41_777, related: Inside, relatedPort: 50_000, url: "stun:stun.example.net"))
                .Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence(remote: CandidateKind.Srflx),
            "two interfaces behind hidden bases", Ready(Stun, "stun:stun.example.net").Gather(Host(), Srflx(port: 40_001), Srflx(port: 41_777, url: "stun:stun.example.net")).Offer().Answer(Theirs("198.51.100.21", CandidateKind.Srflx)).Silence()),
        new("hairpin-nat-missing",
            Ready(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs(Outside)).Silence(),
            "another address outside", Answered(Stun).Silence()),
        new("path-lost-after-connect",
            Answered(Stun).Connects().At(30_000).State("disconnected").After(10_000).State("failed"),
            "it comes back on another network", Answered(Stun).Connects().At(30_000).State("disconnected").After(4_000).State("connected").Still(6_000)),
        new("vpn-or-overlay-path",
            Ready(Stun).Gather(Host("10.8.0.6", "vpn"), Srflx()).Offer().Answer(Theirs(ServersAddress)).Silence(),
            "no VPN", Answered(Stun).Silence()),
        new("local-network-permission",
            Begin(system: "macOS 15").Microphone().Servers().Gather(Host("192.168.1.7")).Offer(host: "192.168.1.4").Answer(Theirs("192.168.1.4")).Silence(CandidateKind.Host).Server(PathFinding.NothingArrived),
            "packets arrive", Begin(system: "macOS 15").Microphone().Servers().Gather(Host()).Offer(host: "192.168.1.4").Answer(Theirs("192.168.1.4")).Silence(CandidateKind.Host).Server(PathFinding.NothingReturned, datagrams: 9, received: 9)),
    ];
}
