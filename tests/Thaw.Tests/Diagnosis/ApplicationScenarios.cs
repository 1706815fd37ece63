using Thaw.Diagnosis.Facts;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

internal static class ApplicationScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("datachannel-gates-connected",
            Ready(Stun).Gather(Host(), Srflx()).Offer().Answer("active", false, Theirs(ServersAddress)).Path().Encrypted().After(9_000).Sound(),
            "the channel opens", Answered(Stun).Connects()),
        new("connected-no-audio",
            Answered(Stun).Path().Encrypted().See(new Fact.Channel("open")).After(9_000).See(new Fact.Media(Direction.In, 0)),
            "the first packets are still to come", Answered(Stun).Path().Encrypted().See(new Fact.Channel("open")).After(900).See(new Fact.Media(Direction.In, 0))),
        new("client-gives-up-too-early",
            Ready(Turn).Gather(Host()).Offer().Answer(Theirs("10.1.0.4")).State("connecting").At(9_200).See(Relay()).At(10_000).See(new Fact.Client(ClientStep.GaveUp, "10 s")),
            "nothing was coming any more", Ready(Turn).Gather(Host()).Offer().Answer(Theirs("10.1.0.4")).State("connecting").At(10_000).See(new Fact.Client(ClientStep.GaveUp))),
        new("client-never-gives-up",
            Begin().See(new Fact.Client(ClientStep.Connect)).Microphone().Servers(Stun).See(new Fact.Client(ClientStep.Retry)).After(9_000).See(new Fact.Client(ClientStep.Retry)).After(9_000).See(new Fact.Client(ClientStep.Retry)),
            "the second try connects", Begin().See(new Fact.Client(ClientStep.Connect)).See(new Fact.Client(ClientStep.Retry)).Microphone().Servers(Stun).Gather(Host(), Srflx()).Offer().Answer(Theirs(ServersAddress)).Connects()),
        new("server-event-loop-stalled",
            Ready(Stun).Gather(Host(), Srflx()).See(new Fact.Stall(6_200, "loading a model"), Side.Server).Offer(took: 6_500).Answer(Theirs(ServersAddress)).Connects(),
            "a stall of an instant", Ready(Stun).Gather(Host(), Srflx()).See(new Fact.Stall(300), Side.Server).Offer().Answer(Theirs(ServersAddress)).Connects()),
    ];
}
