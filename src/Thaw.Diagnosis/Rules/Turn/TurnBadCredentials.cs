namespace Thaw.Diagnosis.Rules;

internal static class TurnBadCredentials
{
    public static readonly Rule Rule = new("turn-bad-credentials", Scope.Path,
        a =>
        {
            if (a.Relay is not null) return null;
            if (a.Established("turn-bad-credentials") is { } said) return Finding.Of(0.95, said, a.Error(401).As("the TURN server refuses the login"));
            if (a.Error(401) is not { } refused || TurnExpiredCredentials.IsExpired(a) || TurnFacts.OthersSaid(a)) return null;
            bool isFresh = a.Servers?.Servers.Any(server => server.ExpiresInS > 0) is true;
            return Finding.Of(isFresh ? 0.85 : 0.68, refused.As("the TURN server refuses the login"), isFresh ? a.Servers.As("the credential has not expired") : null)
                ?.Or("turn-expired-credentials", isFresh ? 0.1 : 0.3, "the user name: if it is NUMBER:name, NUMBER is when it ends (Unix time)");
        },
        a => a.Relay.As("the TURN server took the login"));
}
