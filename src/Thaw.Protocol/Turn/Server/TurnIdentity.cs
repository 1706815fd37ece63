using System.Globalization;
using System.Text;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>Who an authenticated request is from, and the key that proved it.</summary>
/// <param name="Username">As it goes over the wire.</param>
/// <param name="Account">What quotas count by: without the expiry where the name carries one.</param>
internal sealed record TurnIdentity(byte[] Username, string Account, PasswordAlgorithm Algorithm, byte[] Key)
{
    private const int MaxDisplay = 64;

    public string Display { get; } = ForDisplay(Username);

    /// <summary>Unix time at which the access token that it came with is over (RFC 7635); null: no token.</summary>
    public long? TokenEndsAt { get; init; }

    /// <summary>
    /// RFC 8656 §5: the same user. A token says who signs only by the key in it, and the next one has another key, perhaps
    /// under another name: so any token carries on what a token began.
    /// </summary>
    public bool MayTakeOver(TurnIdentity owner)
        => TokenEndsAt is not null ? owner.TokenEndsAt is not null : owner.TokenEndsAt is null && Username.AsSpan().SequenceEqual(owner.Username);

    /// <summary>Of a token, the key in it is the key, whatever the algorithm; and it ends with the token.</summary>
    public bool Is(ReadOnlySpan<byte> username, PasswordAlgorithm algorithm, long unixTime)
        => (TokenEndsAt is { } end ? unixTime < end : Algorithm == algorithm) && username.SequenceEqual(Username);

    /// <summary>A stranger's bytes, of which none can end a line, colour a terminal or fill a disk.</summary>
    public static string ForDisplay(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (byte b in bytes[..Math.Min(bytes.Length, MaxDisplay)])
        {
            if (b is >= 0x20 and < 0x7F and not ((byte)'"' or (byte)'\\')) text.Append((char)b);
            else text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
        }

        return bytes.Length > MaxDisplay ? text.Append('…').ToString() : text.ToString();
    }
}

/// <summary>A user with a password of long standing. The password stays out of <see cref="ToString"/>.</summary>
public sealed record TurnUser(string Name, string Password)
{
    public override string ToString() => Name;
}

/// <summary>
/// The name of a credential that was minted from a shared secret: <c>expiry:user</c>, seconds of Unix time first.
/// </summary>
/// <param name="IsReversed"><c>user:expiry</c>: understood, because minting code often has it so, and told.</param>
internal readonly record struct TimeLimitedName(long ExpiresAt, string User, bool IsReversed)
{
    private const long Earliest = 1_000_000_000; // 2001: a smaller number is somebody's name, not a time
    private const long FirstOfMilliseconds = 1_000_000_000_000; // as seconds, the year 33658
    private const long Year = 366 * 86_400;

    public ExpiryOddity Oddity(long unixTime)
        => ExpiresAt >= FirstOfMilliseconds ? ExpiryOddity.Milliseconds : ExpiresAt - unixTime > Year ? ExpiryOddity.FarAhead : ExpiryOddity.None;

    public static bool TryParse(string username, out TimeLimitedName name)
    {
        int first = username.IndexOf(':', StringComparison.Ordinal), last = username.LastIndexOf(':');
        string head = first < 0 ? username : username[..first];
        if (TryParseTime(head, out long expiry))
        {
            name = new TimeLimitedName(expiry, first < 0 ? "" : username[(first + 1)..], IsReversed: false);
            return true;
        }

        name = last >= 0 && TryParseTime(username[(last + 1)..], out expiry) ? new TimeLimitedName(expiry, username[..last], IsReversed: true) : default;
        return name.IsReversed;
    }

    internal static bool TryParseTime(string text, out long time)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out time) && time >= Earliest;
}
