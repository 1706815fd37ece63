using Thaw.Protocol.Turn;

namespace Thaw.Cli.RelayChecks;

/// <summary>Who may use it. Nothing here quotes a secret.</summary>
internal static class CredentialRows
{
    private const int ShortSecret = 16, HopelessSecret = 8; // characters
    private const double FewBits = 48;                      // by the characters that occur; an attacker guesses offline from one packet
    private const string Generate = "openssl rand -hex 32    # a new one; --auth-secret takes the old beside it while clients still have that";

    // What examples, images and guides are full of.
    private static readonly HashSet<string> WellKnown = new(StringComparer.OrdinalIgnoreCase)
    {
        "north", "logen", "secret", "mysecret", "my-secret", "your-secret", "yoursecret", "your_secret", "static-auth-secret", "staticauthsecret", "auth-secret", "shared-secret",
        "sharedsecret", "password", "passwd", "pass", "changeme", "change-me", "changeit", "turn", "turnsecret", "turn-secret", "turn_secret", "turnserver", "coturn", "test",
        "test123", "guest", "admin", "user", "username1", "password1", "key1", "openrelayproject", "youhavetoberealistic", "qwerty", "123456", "12345678", "default", "example", "hush",
    };

    private static readonly string[] Words = ["password", "secret", "changeme", "example", "qwerty", "123456", "coturn", "turnserver"];

    public static IEnumerable<CheckRow> Judge(TurnServerOptions server)
    {
        int users = server.Users.Count, secrets = server.SharedSecrets.Count, keys = server.OAuthKeys.Count;
        if (users + secrets + keys == 0)
        {
            yield return CheckRow.Warning("credentials", "no users, no secret and no key: this is a STUN server, nobody can allocate.", "--auth-secret-file FILE    # with a line from: openssl rand -hex 32");
            yield break;
        }

        CheckRow[] weak =
        [
            .. server.SharedSecrets.Select((secret, i) => Weakness("secret", secrets == 1 ? "the shared secret" : $"shared secret {i + 1} of {secrets}", secret, Generate)).OfType<CheckRow>(),
            .. server.Users.Select(user => Weakness("user", $"the password of {TurnName(user)}", user.Password, "openssl rand -base64 18", user.Name)).OfType<CheckRow>(),
        ];
        foreach (var row in weak) yield return row;
        if (weak is []) yield return CheckRow.Ok("credentials", $"{Count(secrets, "shared secret")}, {Count(users, "user")}{(keys > 0 ? $", {Count(keys, "key")} for access tokens" : "")}.");

        bool isDefault = server.Realm == new TurnServerOptions().Realm;
        yield return users > 0 && isDefault
            ? CheckRow.Warning("realm", $"users of long standing have keys of the realm, which is still \"{server.Realm}\": the same password elsewhere is the same key.", "--realm turn.example.org")
            : CheckRow.Ok("realm", $"the realm is {server.Realm}.");
    }

    private static CheckRow? Weakness(string code, string whose, string secret, string fix, string? name = null)
    {
        if (WellKnown.Contains(secret) || string.Equals(secret, name, StringComparison.OrdinalIgnoreCase)) return CheckRow.Problem(code, $"{whose} stands in every list of passwords.", fix);
        if (secret.Length < HopelessSecret) return CheckRow.Problem(code, $"{whose} has {secret.Length} characters: guessed in minutes from one packet.", fix);
        if (secret.Length < ShortSecret && name is null) return CheckRow.Warning(code, $"{whose} has {secret.Length} characters, fewer than {ShortSecret}.", fix);
        if (Array.Exists(Words, word => secret.Contains(word, StringComparison.OrdinalIgnoreCase))) return CheckRow.Warning(code, $"{whose} has a common word in it.", fix);
        return secret.Length * Math.Log2(secret.Distinct().Count()) < FewBits && name is null
            ? CheckRow.Warning(code, $"{whose} repeats few characters.", fix)
            : null;
    }

    private static string TurnName(TurnUser user) => user.Name.Length <= 32 && user.Name.All(c => !char.IsControl(c)) ? user.Name : "a user";

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
