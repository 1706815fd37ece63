using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>The relay gives an address and refuses the peer: the browser says nothing, and fails at once.</summary>
internal static class TurnPeerForbidden
{
    private const double AtOnce = 1_500; // ms: nothing else fails so fast

    public static readonly Rule Rule = new("turn-peer-forbidden", Scope.Path,
        a =>
        {
            if (a.Answered is not null) return null;
            if (a.Established("turn-peer-forbidden") is { } said)
                return Finding.Of(a.Remote.Any(c => c.Class is AddressClass.Public) ? 0.55 : 0.88, said, a.Relay.As("the relay gave an address")); // private peers are refused as a matter of course
            var checking = a.Connection.FirstOrDefault(state => state.Value is "connecting" or "checking");
            var failed = a.Connection.LastOrDefault(state => state.Value is "failed");
            return a.Relay is { } relay && a.Local.All(c => c.Type is CandidateKind.Relay) && checking is not null && failed is not null && failed.T - checking.T < AtOnce && a.IceConnected is null && a.Sent is null or 0
                ? Finding.Of(0.8, relay.As("the relay gave an address"), failed.As($"all ended {failed.T - checking.T:0} ms after it began: the relay refused the permission"))
                    ?.Or("turn-relay-ports-blocked", 0.1, "the relay's log of that minute: it names a forbidden address")
                : null;
        });
}
