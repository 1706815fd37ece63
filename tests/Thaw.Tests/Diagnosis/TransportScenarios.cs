using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Turn and Stun would be namespaces

internal static class TransportScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("dtls-role-clash",
            Ready(Stun).Gather(Host(), Srflx()).Offer().Answer("active", true, Theirs(ServersAddress)).Path().After(30).See(new Fact.Transport("failed", "client")).See(new Fact.Transport("failed", "client"), Side.Server).State("failed"),
            "one begins, one waits", Answered(Stun).Path().See(new Fact.Transport("connecting", "client")).See(new Fact.Transport("connecting", "server"), Side.Server).Still(900)),
        new("dtls-fingerprint-mismatch",
            Answered(Stun).Path().After(10).See(new Fact.Transport("failed", "server", "connected")).State("failed"),
            "it fails after its time", Answered(Stun).Path().See(new Fact.Transport("connecting", "server", "connected")).After(30_000).See(new Fact.Transport("failed", "server", "connected")).State("failed")),
        new("dtls-postquantum-hello",
            Answered(Stun).Path().See(new Fact.Transport("connecting", "client", "connected")).After(9_000).See(new Fact.ServerAttempt(PathFinding.Worked, new(2), new(1), ChecksAnswered: 3, Datagrams: 30, DtlsDatagrams: 12), Side.Server),
            "the server does answer", Answered(Stun).Path().See(new Fact.Transport("connecting", "client", "connected")).After(9_000).See(new Fact.ServerAttempt(PathFinding.Worked, new(2), new(1), ChecksAnswered: 3, Datagrams: 30, DtlsDatagrams: 12, DtlsFlight: 4, DtlsRepeats: 3), Side.Server)),
        new("dtls-dropped-middlebox-or-mtu",
            Answered(Stun).Path().See(new Fact.Transport("connecting", "client", "connected")).After(9_000).See(new Fact.ServerAttempt(PathFinding.Worked, new(2), new(1), PeerFailure.DtlsTimedOut, ChecksAnswered: 3, Datagrams: 30), Side.Server),
            "a slow line", Answered(Stun).Path().See(new Fact.Transport("connecting", "client", "connected")).After(4_000).Encrypted()),
        new("sctp-mtu-stall",
            Answered(Stun).Path().Encrypted().See(new Fact.Channel("connecting")).After(9_000).Sound().See(new Fact.ServerAttempt(PathFinding.Worked, new(2), new(1), ChecksAnswered: 3, IsEncrypted: true), Side.Server),
            "it opens after three seconds", Answered(Stun).Path().Encrypted().See(new Fact.Channel("connecting")).After(3_000).See(new Fact.Channel("open")).After(9_000).Sound()),
    ];
}
