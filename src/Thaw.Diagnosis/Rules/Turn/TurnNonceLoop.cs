namespace Thaw.Diagnosis.Rules;

internal static class TurnNonceLoop
{
    public static readonly Rule Rule = new("turn-nonce-loop", Scope.Path,
        a => a.Relay is not null ? null
            : a.Established("turn-nonce-loop") is { } said ? Finding.Of(0.9, said)
            : a.Error(438) is { } stale ? Finding.Of(0.75, stale.As("the TURN server takes no nonce that it gave itself"))
            : null);
}
