namespace Thaw.Diagnosis.Rules;

internal static class TurnExpiredCredentials
{
    public static readonly Rule Rule = new("turn-expired-credentials", Scope.Path,
        a => a.Relay is not null ? null
            : a.Established("turn-expired-credentials") is { } said ? Finding.Of(0.95, said, a.Error(401).As("the browser hears 401, as with a wrong password"))
            : a.Error(401) is { } refused && IsExpired(a) ? Finding.Of(0.93, refused.As("the TURN server refuses the login"), a.Servers.As("the time in the user name is over"))
            : null,
        a => a.Servers?.Servers.Any(server => server.ExpiresInS > 0) is true && !IsExpired(a) ? a.Servers.As("the credential has not expired") : null);

    public static bool IsExpired(Attempt a) => a.Servers?.Servers.Any(server => server.ExpiresInS <= 0) is true;
}
