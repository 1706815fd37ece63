namespace Thaw.Protocol.Turn;

/// <summary>
/// A key that this server shares with an authorization server, which mints access tokens under it (RFC 7635 §6.2). The key
/// itself stays out of <see cref="ToString"/>.
/// </summary>
public sealed record OAuthKey
{
    private OAuthKey(string kid, byte[] key, DateTimeOffset? expiresAt) => (Kid, Key, ExpiresAt) = (kid, key, expiresAt);

    /// <summary>Its name, which clients send as their USERNAME.</summary>
    public string Kid { get; }

    /// <summary>No token under it is accepted from then on. Null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    /// <summary>16 bytes for A128GCM, 32 for A256GCM (RFC 7635 §4.1.1).</summary>
    internal byte[] Key { get; }

    /// <param name="key">16 or 32 bytes.</param>
    public static bool TryCreate(string kid, ReadOnlySpan<byte> key, DateTimeOffset? expiresAt, out OAuthKey? made)
    {
        made = kid.Length is > 0 and <= MaxKid && key.Length is 16 or 32 ? new OAuthKey(kid, key.ToArray(), expiresAt) : null;
        return made is not null;
    }

    /// <summary>Reads <c>KID:BASE64</c> or <c>KID:BASE64:EXPIRY</c>, seconds of Unix time last.</summary>
    /// <returns>What is wrong with it, without a word of it; or null.</returns>
    public static string? Read(string text, out OAuthKey? key)
    {
        key = null;
        string[] parts = text.Split(':');
        if (parts.Length is not (2 or 3)) return "a key is KID:BASE64 or KID:BASE64:EXPIRY";

        Span<byte> bytes = stackalloc byte[64];
        if (!Convert.TryFromBase64String(parts[1], bytes, out int length)) return "the part after the first colon is no base64 of 16 or 32 bytes";
        DateTimeOffset? expiresAt = null;
        if (parts.Length == 3)
        {
            if (!TimeLimitedName.TryParseTime(parts[2], out long expiry) || expiry > DateTimeOffset.MaxValue.ToUnixTimeSeconds()) return "the expiry is no Unix time in seconds";
            expiresAt = DateTimeOffset.FromUnixTimeSeconds(expiry);
        }

        if (TryCreate(parts[0], bytes[..length], expiresAt, out key)) return null;
        return length is 16 or 32 ? $"a key's name has 1 to {MaxKid} characters" : $"a key has 16 bytes (A128GCM) or 32 (A256GCM), not {length}";
    }

    private const int MaxKid = 128;

    public override string ToString() => Kid;
}
