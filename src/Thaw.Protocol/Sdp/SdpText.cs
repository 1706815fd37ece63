using System.Buffers;
using System.Globalization;

namespace Thaw.Protocol.Sdp;

/// <summary>The words of one line: split at spaces, several count as one.</summary>
internal ref struct SdpWords(ReadOnlySpan<char> text)
{
    private ReadOnlySpan<char> _rest = text.TrimStart(' ');

    public readonly ReadOnlySpan<char> Rest => _rest;

    /// <summary>Empty once there are no more.</summary>
    public ReadOnlySpan<char> Next()
    {
        int space = _rest.IndexOf(' ');
        var word = space < 0 ? _rest : _rest[..space];
        _rest = _rest[word.Length..].TrimStart(' ');
        return word;
    }
}

internal static class SdpText
{
    // RFC 8866 §9, token-char.
    private static readonly SearchValues<char> TokenChars = SearchValues.Create(
        "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private static readonly SearchValues<char> FingerprintChars = SearchValues.Create("0123456789abcdefABCDEF:");

    /// <summary>RFC 8866 §9, and '/' because foundations and protocols have it.</summary>
    public static bool IsToken(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
            if (c != '/' && !TokenChars.Contains(c)) return false;
        return !text.IsEmpty;
    }

    /// <summary>
    /// A username fragment or password of <paramref name="least"/> to 256 characters. RFC 8839 §5.4 has only letters,
    /// digits, '+' and '/'; what cannot be in a STUN USERNAME is refused here, the rest is the peer's own affair.
    /// </summary>
    public static bool IsIceText(ReadOnlySpan<char> text, int least)
        => text.Length >= least && text.Length <= 256 && text.IndexOfAnyExceptInRange('!', '~') < 0 && !text.Contains(':');

    public static bool TryNumber(ReadOnlySpan<char> text, long least, long most, out long number)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most;

    /// <summary>RFC 8122 §5: for the three hashes that we can check, as many octets as the hash has. Null for others.</summary>
    public static bool? IsFingerprint(ReadOnlySpan<char> value)
    {
        var words = new SdpWords(value);
        int octets = words.Next() switch
        {
            { } name when name.Equals("sha-256", StringComparison.OrdinalIgnoreCase) => 32,
            { } name when name.Equals("sha-384", StringComparison.OrdinalIgnoreCase) => 48,
            { } name when name.Equals("sha-512", StringComparison.OrdinalIgnoreCase) => 64,
            _ => 0,
        };
        if (octets == 0) return null;

        var hash = words.Next();
        if (hash.Length != octets * 3 - 1 || hash.ContainsAnyExcept(FingerprintChars) || !words.Rest.IsEmpty) return false;
        for (int i = 0; i < hash.Length; i++)
            if (hash[i] == ':' != (i % 3 == 2)) return false;
        return true;
    }
}
