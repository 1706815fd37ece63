using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>Only relays are wanted, and there is none: nothing is gathered and nothing said.</summary>
internal static class RelayPolicyWithoutRelay
{
    public static readonly Rule Rule = new("relay-policy-without-relay", Scope.Connecting,
        a => a.IsRelayOnly && a.LocalCount is 0 && !a.TurnUrls.Any()
            ? Finding.Of(0.97, a.Servers.As("the connection may use relays only, and no TURN server is configured"), a.GatheringComplete.As("so there is no address to offer")) : null,
        a => a.Servers is { Policy: IcePolicy.All } servers ? servers.As("every kind of address is allowed") : null);
}
