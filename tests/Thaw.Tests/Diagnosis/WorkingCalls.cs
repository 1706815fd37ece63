using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

/// <summary>Calls that work, with everything that looks like a fault and is none.</summary>
internal static class WorkingCalls
{
    public static IReadOnlyDictionary<string, Call> All { get; } = new Dictionary<string, Call>
    {
        ["nothing special"] = Answered(Stun).Connects(),
        ["one dead STUN server, found out after 40 s"] = Ready(Stun, "stun:dead.example.org").Gather(Host(), Srflx()).Offer().Answer(Theirs(ServersAddress)).Connects().At(40_000).TimesOut("stun:dead.example.org").Complete(),
        ["every STUN server dead, and the server's address public"] = Ready(Stun, "stun:dead.example.org").Gather(Host()).Offer(1).Answer(Theirs(ServersAddress)).Connects(CandidateKind.Host).At(40_000).TimesOut(Stun).TimesOut("stun:dead.example.org").Complete(),
        ["701 on IPv6"] = Ready(Stun).Gather(Host(), Host("2001:db8::7"), Srflx()).Error(701, Stun, "STUN host lookup received error.").Offer().Answer(Theirs(ServersAddress)).Connects(),
        ["a second interface without a way out"] = Ready(Stun).Gather(Host(), Host("10.9.9.9"), Srflx()).Error(600, Stun, "Address not associated with the desired network interface.").Offer().Answer(Theirs(ServersAddress)).Connects(),
        ["UDP blocked, the relay by TLS"] = Ready(Stun, Turn, TurnTls).Gather(Host(), Relay(TurnTls, protocol: "tls")).Offer().Answer(Theirs(ServersAddress)).Connects(CandidateKind.Relay).At(40_000).TimesOut(Stun).TimesOut(Turn).Complete(),
        ["UDP blocked, ICE over TCP"] = Ready(Stun).Gather(Host()).Offer().Answer(Theirs(ServersAddress) with { Protocol = "tcp" }).Connects(CandidateKind.Host).At(40_000).TimesOut(Stun).Complete(),
        ["the relay's first 401"] = Ready(Turn).Gather(Host(), Relay()).See(new Fact.RelayEvent(RelayStep.Refused, 401), Side.Relay).See(new Fact.RelayEvent(RelayStep.Allocated), Side.Relay).Offer().Answer(Theirs(ServersAddress)).Connects(CandidateKind.Relay),
        ["a TURN login that has expired, and a direct path"] = Begin().Microphone().Expiring(-60, Stun, Turn).Gather(Host(), Srflx()).Error(401, Turn, "Unauthorized.").Offer().Answer(Theirs(ServersAddress)).Connects(),
        ["a TURN quota reached, and a direct path"] = Ready(Stun, Turn).Gather(Host(), Srflx()).Error(486, Turn).Refuses("turn-quota-reached", 486).Offer().Answer(Theirs(ServersAddress)).Connects(),
        ["437 on a repeated Allocate"] = Ready(Turn).Gather(Host(), Relay()).See(new Fact.RelayEvent(RelayStep.Refused, 437), Side.Relay).Offer().Answer(Theirs(ServersAddress)).Connects(CandidateKind.Relay),
        ["403 for private peers"] = Ready(Turn).Gather(Host(), Relay()).Offer().Answer(Theirs("10.1.0.4"), Theirs(ServersAddress)).Refuses("turn-peer-forbidden", 403).Connects(CandidateKind.Relay),
        ["487, and one gave way"] = Answered(Stun).Connects().Server(PathFinding.Worked, null, datagrams: 40, refused: 1, error: 487, answered: 9, received: 9),
        ["most pairs failed"] = Answered(Stun).See(new Fact.Pair("CP2", CandidateKind.Host, CandidateKind.Host, "failed", 12, 0, 0)).See(new Fact.Pair("CP3", CandidateKind.Host, CandidateKind.Srflx, "failed", 12, 0, 0)).Connects(),
        ["roaming from Wi-Fi to mobile"] = Answered(Stun).Connects().At(60_000).State("disconnected").After(6_500).State("connecting").After(400).State("connected").After(2_000).Sound(3_000),
        ["names instead of addresses"] = Ready().Gather(Host("4f1c2d3e-0000-4000-8000-000000000001.local")).Offer(1).Answer(Theirs("192.168.1.4")).Connects(CandidateKind.Prflx).Server(PathFinding.Worked, null, datagrams: 40, hostNames: 1, answered: 9, received: 9),
        ["an offer without candidates, which trickle"] = Ready(Stun).Gather(Host(), Srflx()).Offer(0).Answer(Theirs(ServersAddress)).Patch().Patch().Connects(),
        ["an answer without candidates, which trickle"] = Ready(Stun).Gather(Host(), Srflx()).Offer().Answer().After(60).See(Theirs(ServersAddress)).Connects(),
        ["a relay that took six seconds"] = Ready(Stun, TurnTls).Gather(Host(), Srflx()).Offer().Answer(Theirs("10.1.0.4")).After(6_000).See(Relay(TurnTls, protocol: "tls")).Connects(CandidateKind.Relay),
        ["no ICE servers in one network"] = Ready().Gather(Host()).Complete().Offer(1, host: "192.168.1.4").Answer(Theirs("192.168.1.4")).Connects(CandidateKind.Host),
        ["the address of a container beside the right one"] = Ready(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs("172.17.0.2"), Theirs(ServersAddress)).Connects(),
        ["a symmetric NAT and a server in the open"] = Ready(Stun, "stun:stun.example.net").Gather(Host(), Srflx(port: 40_001, related: Inside, relatedPort: 50_000), Srflx(port: 41_777, related: Inside, relatedPort: 50_000, url: "stun:stun.example.net")).Offer().Answer(Theirs(ServersAddress)).Connects(CandidateKind.Prflx),
        ["a VPN that works"] = Ready(Stun).Gather(Host("10.8.0.6", "vpn"), Srflx()).Offer().Answer(Theirs(ServersAddress)).Connects(),
        ["both sides with IPv6 only"] = Ready(Stun).Gather(Host("2001:db8::7")).Offer(1).Answer(Theirs("2001:db8:1::4")).Connects(CandidateKind.Host),
        ["Firefox, which counts no checks"] = Begin(agent: "Firefox 153").Microphone().Servers(Stun).Gather(Host(), Srflx()).Complete().Offer().Answer(Theirs(ServersAddress)).State("connecting").See(new Fact.Pair("p1", CandidateKind.Srflx, CandidateKind.Host, "succeeded")).Ice("connected").Encrypted().See(new Fact.Channel("open")).After(3_000).Sound(),
        ["a person who read the question for 20 s"] = Begin().See(new Fact.Permission(PermissionState.Prompt)).See(new Fact.Capture(CaptureStep.Asked)).After(20_000).See(new Fact.Capture(CaptureStep.Granted)).Servers(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs(ServersAddress)).Connects(),
        ["the first offer got 503"] = Ready(Stun).Gather(Host(), Srflx()).See(new Fact.Http(HttpStep.Offer, Status: 503)).After(500).See(new Fact.Client(ClientStep.Retry)).Offer().Answer(Theirs(ServersAddress)).Connects(),
        ["the end of candidates was refused"] = Ready(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs(ServersAddress)).Connects().Patch(500, isEnd: true),
        ["a probe found one of the servers dead"] = Answered(Stun, Turn).Connects().Probe("turn-udp-unreachable", Turn).Probe("client-udp-blocked", Turn, ProbeOutcome.Warning),
        ["a warning of the host"] = Answered(Stun).See(new Fact.HostCheck("container-network", "in a container without --public-ip"), Side.Server).Connects(),
        ["hung up after a while"] = Answered(Stun).Connects().At(90_000).State("disconnected").After(100).State("closed").See(new Fact.Ended("closed")),
        ["only the server tells"] = new Call().At(300).Server(PathFinding.Worked, null, datagrams: 50, answered: 5, received: 5).See(new Fact.StateChanged(StateOf.Connection, "connected"), Side.Server).Still(5_000),
        ["a fatal burst of loss that passed"] = Answered(Stun).Connects().At(20_000).State("disconnected").After(1_500).State("connected").After(5_000).State("disconnected").After(900).State("connected"),
    };
}
