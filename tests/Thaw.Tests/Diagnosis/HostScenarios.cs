using Thaw.Diagnosis.Facts;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

internal static class HostScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("container-network",
            Ready(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs("172.17.0.2")).Silence(),
            "it names the host's address as well", Ready(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs("172.17.0.2"), Theirs(ServersAddress)).Silence()),
        new("vm-or-wsl-nat",
            Ready(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs("10.0.2.15")).Silence(),
            "another net of 10/8", Ready(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs("10.1.2.15")).Silence()),
        new("server-announces-unreachable-address",
            Ready(Stun).Gather(Host(), Srflx()).Offer(host: "198.51.100.20").Answer(Theirs("10.1.0.4")).Silence(),
            "the page was fetched inside", Ready(Stun).Gather(Host()).Offer(host: "10.1.0.4").Answer(Theirs("10.1.0.4")).Silence(CandidateKind.Host)),
        new("platform-without-udp",
            Ready(Stun).Gather(Host(), Srflx()).See(new Fact.Environment(Platform: "cloud-run"), Side.Server).Offer(host: "198.51.100.20").Answer(Theirs("169.254.8.1")).Silence(),
            "a machine of its own", Answered(Stun).See(new Fact.Environment(Platform: "ec2"), Side.Server).Silence()),
        new("candidate-storm",
            Ready(Stun).Gather([.. Enumerable.Range(1, 30).Select(i => Host($"10.20.{i}.1"))]).Offer(30, host: "10.20.99.1").Answer(Theirs("10.20.99.1")).Silence(CandidateKind.Host),
            "thirty, and connected", Ready(Stun).Gather([.. Enumerable.Range(1, 30).Select(i => Host($"10.20.{i}.1"))]).Offer(30, host: "10.20.99.1").Answer(Theirs("10.20.99.1")).Connects(CandidateKind.Host)),
    ];
}
