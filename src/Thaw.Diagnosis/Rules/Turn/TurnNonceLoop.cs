using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class TurnNonceLoop
{
    public static readonly Rule Rule = new("turn-nonce-loop", Scope.Path,
        a => a.Relay is not null ? null
            : a.Established("turn-nonce-loop") is { } said && (said.Fact is not Fact.RelayEvent || IsLoop(a)) ? Finding.Of(0.9, said)
            : a.Error(438) is { } stale ? Finding.Of(0.75, stale.As("the TURN server takes no nonce that it gave itself"))
            : null);

    // Once is how a server's restart looks.
    private static bool IsLoop(Attempt a) => a.Error(438) is not null || a.Of<Fact.RelayEvent>().Count(relay => relay.Cause is "turn-nonce-loop") > 1;
}
