using System.CommandLine;
using System.Globalization;
using Thaw.Protocol.Turn;
using Thaw.Relay;

namespace Thaw.Cli.Verbs;

/// <summary>The options of <c>thaw relay</c> about who may use it and how much. No message quotes what is secret.</summary>
internal static class RelayAccounts
{
    private static readonly Option<TurnUser[]> User = new Option<TurnUser[]>("--user") { Description = "NAME:PASSWORD without commas and spaces, may be repeated.", AllowMultipleArgumentsPerToken = true }
        .OrSecrets("THAW_RELAY_USER", "NAME:PASSWORD", text => (ReadUser(text, out var user) is null, user!));
    private static readonly Option<string> UserFile = new Option<string>("--user-file") { Description = "File with one NAME:PASSWORD a line; any password, # for remarks. Read anew at SIGHUP, as all of these files are." }
        .OrVariable("THAW_RELAY_USER_FILE", "", "a file", text => (true, text));
    private static readonly Option<string[]> Secret = new Option<string[]>("--auth-secret") { Description = "Shared secret for minted credentials (TURN REST API), may be repeated.", AllowMultipleArgumentsPerToken = true }
        .OrSecrets("THAW_RELAY_AUTH_SECRET", "a secret", text => (text.Length > 0, text));
    private static readonly Option<string> SecretFile = new Option<string>("--auth-secret-file") { Description = "The same from a file, one a line." }
        .OrVariable("THAW_RELAY_AUTH_SECRET_FILE", "", "a file", text => (true, text));
    private static readonly Option<OAuthKey[]> OAuthKeys = new Option<OAuthKey[]>("--oauth-key") { Description = "KID:BASE64 or KID:BASE64:EXPIRY: a key under which access tokens are minted (RFC 7635), 16 or 32 bytes; may be repeated.", AllowMultipleArgumentsPerToken = true }
        .OrSecrets("THAW_RELAY_OAUTH_KEY", "KID:BASE64 or KID:BASE64:EXPIRY, of 16 or 32 bytes", text => (OAuthKey.Read(text, out var key) is null, key!));
    private static readonly Option<string> OAuthKeyFile = new Option<string>("--oauth-key-file") { Description = "The same from a file, one a line." }
        .OrVariable("THAW_RELAY_OAUTH_KEY_FILE", "", "a file", text => (true, text));
    private static readonly Option<string> OAuthServerName = new Option<string>("--oauth-server-name") { Description = "The name that access tokens for this server are bound to; the realm without it." }
        .OrVariable("THAW_RELAY_OAUTH_SERVER_NAME", "", "1 to 255 characters", text => (text.Length is > 0 and < 256, text));
    private static readonly Option<long> MaxRate = new Option<long>("--max-rate") { Description = "Bytes a second that one allocation may have relayed, each way; 0: no limit." }
        .OrVariable("THAW_RELAY_MAX_RATE", 0L, "0, or 1000 to 100000000000", Rate);
    private static readonly Option<long> TotalRate = new Option<long>("--total-rate") { Description = "The same of all together." }
        .OrVariable("THAW_RELAY_TOTAL_RATE", 0L, "0, or 1000 to 100000000000", Rate);
    private static readonly Option<int> MaxLifetime = new Option<int>("--max-lifetime") { Description = "Seconds that an allocation lasts at most without a refresh." }
        .OrVariable("THAW_RELAY_MAX_LIFETIME", 3600, "60 to 86400", text => (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is >= 60 and <= 86_400, value));

    private delegate string? Reader<T>(string text, out T? value);

    public static IReadOnlyList<Option> Options { get; } =
        [User, UserFile, Secret, SecretFile, OAuthKeys, OAuthKeyFile, OAuthServerName, MaxRate, TotalRate, MaxLifetime];

    /// <summary>Reads the files.</summary>
    /// <exception cref="RelayHostException">A line is not as it must be; or the file is empty.</exception>
    public static TurnServerOptions Into(TurnServerOptions options, ParseResult parsed) => options with
    {
        Users = [.. parsed.GetValue(User)!, .. Lines<TurnUser>(parsed.GetValue(UserFile)!, ReadUser)],
        SharedSecrets = [.. parsed.GetValue(Secret)!, .. Lines<string>(parsed.GetValue(SecretFile)!, ReadSecret)],
        OAuthKeys = [.. parsed.GetValue(OAuthKeys)!, .. Lines<OAuthKey>(parsed.GetValue(OAuthKeyFile)!, OAuthKey.Read)],
        OAuthServerName = parsed.GetValue(OAuthServerName) is { Length: > 0 } name ? name : null,
        MaxRate = parsed.GetValue(MaxRate),
        TotalRate = parsed.GetValue(TotalRate),
        MaxLifetime = TimeSpan.FromSeconds(parsed.GetValue(MaxLifetime)),
    };

    private static List<T> Lines<T>(string file, Reader<T> read)
    {
        var values = new List<T>();
        if (file.Length == 0) return values;
        foreach (var (number, line) in File.ReadLines(file).Index())
        {
            if (line.AsSpan().Trim().IsEmpty || (typeof(T) != typeof(string) && line[0] == '#')) continue; // a secret may begin with it
            if (read(line, out var value) is { } error) throw new RelayHostException($"{file}, line {number + 1}: {error}.");
            values.Add(value!);
        }

        return values is [] ? throw new RelayHostException($"{file} has nothing in it.") : values;
    }

    private static string? ReadUser(string text, out TurnUser? user)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        user = colon > 0 && colon < text.Length - 1 ? new TurnUser(text[..colon], text[(colon + 1)..]) : null;
        return user is null ? "a user is NAME:PASSWORD" : null;
    }

    private static string? ReadSecret(string line, out string? secret)
    {
        secret = line.Trim();
        return null;
    }

    private static (bool, long) Rate(string text)
        => (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value is 0 or (>= 1000 and <= 100_000_000_000), value);
}
