using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Rules;

/// <summary>The other side's checks arrive, ours are not answered: it does not take them for ours.</summary>
internal static class UfragOrPwdMismatch
{
    public static readonly Rule Rule = new("ufrag-or-pwd-mismatch", Scope.Path,
        a => a.Answered is not null ? null
            : a.Server is { Path: PathFinding.WrongCredentials } or { BadIntegrity: > 0, ChecksAnswered: 0 } ? Finding.Of(0.92, a.Server.As("checks carry the password of another answer"), Heard(a))
            : a is { Received: > 0, Answers: 0, Sent: 0 } ? Finding.Of(0.72, Heard(a))
            : a is { Received: > 0, Answers: 0, Sent: > 20, Server: null or { ChecksReceived: > 0, ChecksRefused: 0 } }
                ? Finding.Of(0.55, Heard(a))?.Or("server-inbound-udp-closed", 0.3, "the server's count of checks with a wrong password")
            : null,
        a => a.Answered.As("checks are answered: both sides agree on the password"));

    private static Cite? Heard(Attempt a) => a.Pairs.FirstOrDefault(pair => pair.RequestsReceived > 0).As("the other side's checks arrive, and none of ours is answered");
}
