using System.Globalization;
using System.Text;

namespace Thaw.Protocol.Turn;

/// <summary>A long-term credential (RFC 8489 §9.2), prepared (RFC 8265) by whoever read it. Never prints its password.</summary>
/// <param name="Username">At most 513 octets in UTF-8 (RFC 8489 §14.3).</param>
public sealed record TurnCredential(string Username, string Password)
{
    public const int MaxUsername = 513;

    /// <summary>
    /// When a time-limited credential ends, in seconds since 1970: such user names are <c>expiry</c> or <c>expiry:name</c>.
    /// Null for others. Compared with the wall clock it tells an expired credential from a wrong one; a 401 alone cannot.
    /// </summary>
    public long? ExpiresAtUnixTime
        => long.TryParse(Username.AsSpan(0, Username.IndexOf(':') is >= 0 and var end ? end : Username.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long at)
            && at is > 1_000_000_000 and < 100_000_000_000 ? at : null;

    private bool PrintMembers(StringBuilder text)
    {
        text.Append("Username = ").Append(Username);
        return true;
    }

    /// <summary>The name looks like <c>user:expiry</c>, the order of other servers than those of the TURN REST convention.</summary>
    public static bool IsReversed(string username)
        => username.LastIndexOf(':') is > 0 and var at && username.Length - at - 1 is >= 9 and <= 11 && username.AsSpan(at + 1).IndexOfAnyExceptInRange('0', '9') < 0;
}
