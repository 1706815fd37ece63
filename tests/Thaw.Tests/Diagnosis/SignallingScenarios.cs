using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

internal static class SignallingScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("signalling-unreachable",
            Ready(Stun).Gather(Host()).See(new Fact.Http(HttpStep.Offer)).After(30).See(new Fact.Http(HttpStep.Offer, Error: "TypeError: Failed to fetch", IsCrossOrigin: false)),
            "a later try succeeds", Ready(Stun).Gather(Host()).See(new Fact.Http(HttpStep.Offer, Error: "TypeError: Failed to fetch", IsCrossOrigin: false)).After(500).Offer().Answer(Theirs(ServersAddress))),
        new("offer-http-4xx",
            Ready(Stun).Gather(Host()).See(new Fact.Http(HttpStep.Offer)).After(30).See(new Fact.Http(HttpStep.Offer, Status: 429, Detail: "too many calls")),
            "the second offer is taken", Ready(Stun).Gather(Host()).See(new Fact.Http(HttpStep.Offer, Status: 404)).After(500).Offer().Answer(Theirs(ServersAddress))),
        new("offer-http-5xx-or-bot-crash",
            Ready(Stun).Gather(Host()).See(new Fact.Http(HttpStep.Offer)).After(30).See(new Fact.Http(HttpStep.Offer, Status: 500, Detail: "ModuleNotFoundError")),
            "an error of the agent that is not the end", Answered(Stun).Connects().See(new Fact.Rtvi("error", "one answer failed"))),
        new("cors-blocked",
            Ready(Stun).Gather(Host()).See(new Fact.Http(HttpStep.Preflight, "OPTIONS", 400, Detail: "Disallowed CORS method")).See(new Fact.Http(HttpStep.Offer, Error: "TypeError: Failed to fetch", IsCrossOrigin: true)),
            "the same origin", Ready(Stun).Gather(Host()).See(new Fact.Http(HttpStep.Offer, Error: "TypeError: Failed to fetch", IsCrossOrigin: false))),
        new("offer-without-candidates",
            Ready(Stun).Gather().Offer(candidates: 0).Answer(Theirs(ServersAddress)).See(Host()).State("connecting").After(9_000).Server(PathFinding.NothingNamed, PeerFailure.NoCandidates),
            "candidates follow", Ready(Stun).Gather().Offer(candidates: 0).Answer(Theirs(ServersAddress)).See(Host()).Patch().Still(5_000)),
        new("trickle-endpoint-broken",
            Ready(Stun).Gather(Host()).Offer(candidates: 0).Answer(Theirs(ServersAddress)).Patch(404).Still(9_000),
            "only the sign of the end fails", Ready(Stun).Gather(Host()).Offer(candidates: 0).Answer(Theirs(ServersAddress)).Patch().Patch(500, isEnd: true).Still(2_000)),
        new("end-of-candidates-crash",
            Begin(agent: "Firefox 153").Microphone().Servers(Stun).Gather(Host()).Offer(candidates: 0).Answer(Theirs(ServersAddress)).Patch().Patch(500, isEnd: true).Still(9_000),
            "a candidate fails, not the end", Ready(Stun).Gather(Host()).Offer(candidates: 0).Answer(Theirs(ServersAddress)).Patch(500).Still(2_000)),
        new("candidate-before-description",
            Ready(Stun).Gather(Host()).Offer().See(new Fact.CandidateRefused("InvalidStateError", "The remote description was null")).After(30).Answer().Still(9_000),
            "a candidate that is none", Ready(Stun).Gather(Host()).Offer().Answer(Theirs(ServersAddress)).See(new Fact.CandidateRefused("OperationError", "Error processing ICE candidate")).Still(2_000)),
        new("answer-without-candidates",
            Ready(Stun).Gather(Host(), Srflx()).Offer().Answer().State("new").Still(9_000),
            "they come later", Ready(Stun).Gather(Host(), Srflx()).Offer().Answer().After(300).See(Theirs(ServersAddress)).Still(2_000)),
        new("slow-answer-server-gathering",
            Ready(Stun).Gather(Host(), Srflx()).Offer(took: 5_100).Answer(Theirs(ServersAddress)).Connects(),
            "the answer is fast", Answered(Stun).Connects()),
        new("signalling-tunnel-only",
            Ready(Stun).Gather(Host(), Srflx()).Offer(host: "abc.trycloudflare.com", via: "cloudflare").Answer(Theirs("10.1.0.4")).Silence(),
            "a relay is in use", Ready(Stun, Turn).Gather(Host(), Srflx(), Relay()).Offer(via: "cloudflare").Answer(Theirs("10.1.0.4")).Silence()),
    ];
}
