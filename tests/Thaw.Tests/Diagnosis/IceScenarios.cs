using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

internal static class IceScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("ufrag-or-pwd-mismatch",
            Answered(Stun).State("connecting").After(10_000).See(new Fact.Pair("CP1", CandidateKind.Srflx, CandidateKind.Host, "in-progress", 202, 0, 40)).State("failed").Server(PathFinding.WrongCredentials, datagrams: 200, badIntegrity: 200),
            "only one direction is open", Answered(Stun).State("connecting").After(10_000).See(new Fact.Pair("CP1", CandidateKind.Srflx, CandidateKind.Host, "in-progress", 40, 0, 0)).State("failed").Server(PathFinding.NothingReturned, datagrams: 40, received: 40)),
        new("ice-role-or-lite-conflict",
            Answered(Stun).State("connecting").After(9_000).Server(PathFinding.Refused, datagrams: 60, refused: 30, error: 487).State("failed"),
            "one gives way", Answered(Stun).State("connecting").After(200).Server(PathFinding.Worked, null, datagrams: 9, refused: 1, error: 487, answered: 4)),
        new("mdns-unresolvable",
            Ready().Gather(Host("4f1c2d3e-0000-4000-8000-000000000001.local")).Offer(1).Answer(Theirs("10.1.0.4")).State("connecting").After(9_000).Server(PathFinding.NothingNamed, PeerFailure.NoCandidates, hostNames: 1).State("failed"),
            "the server hears the browser's checks", Ready().Gather(Host("4f1c2d3e-0000-4000-8000-000000000001.local")).Offer(1).Answer(Theirs("10.1.0.4")).State("connecting").After(900).Server(PathFinding.Worked, null, datagrams: 9, hostNames: 1, answered: 4)),
        new("ipv6-broken-or-v6-only",
            Ready(Stun).Gather(Host("2001:db8::7")).Offer(1).Answer(Theirs("10.1.0.4")).State("connecting").After(15_000).Server(PathFinding.NothingFits).State("failed"),
            "both have IPv6", Ready(Stun).Gather(Host("2001:db8::7")).Offer(1).Answer(Theirs("2001:db8:1::4")).Silence(CandidateKind.Host)),
    ];
}
