using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>Causes that only the relay itself or a probe of it can tell. Each has its scenario like any other rule.</summary>
internal static class Established
{
    public static readonly IReadOnlyList<Rule> Rules =
    [
        .. new[]
        {
            "turn-quota-or-capacity", "turn-rest-username-reversed", "turn-realm-missing", "turn-realm-mismatch", "turn-udp-unreachable", "not-a-stun-server", "turn-allocation-refused", "turn-allocation-forbidden",
            "turns-certificate-wrong-name", "turns-certificate-expired", "turns-certificate-untrusted", "turns-handshake-failed",
        }.Select(Of),
    ];

    private static Rule Of(string cause) => new(cause, Scope.Path,
        a => a.Answered is null && a.Relay is null && a.Established(cause) is { } said && (said.Fact is not Fact.ProbeResult { Outcome: ProbeOutcome.Warning }) ? Finding.Of(0.92, said) : null);
}
