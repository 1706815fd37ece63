using System.Diagnostics.CodeAnalysis;

namespace Thaw.Protocol.Mdns;

/// <summary>
/// A name that a browser hides an address behind: one label and <c>.local</c> (RFC 6762 §3). Names with more labels are
/// other people's, and never asked for on the word of a candidate.
/// </summary>
public static class LocalName
{
    private const string Suffix = ".local";
    private const int MaxLabel = 63; // RFC 1035 §2.3.4

    /// <param name="name">In lower case: names compare without case (RFC 6762 §16).</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (text is null || !text.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)) return false;
        int label = text.Length - Suffix.Length;
        if (label is 0 or > MaxLabel) return false;
        foreach (char c in text.AsSpan(0, label))
            if (!char.IsAsciiLetterOrDigit(c) && c != '-') return false;
        name = text.ToLowerInvariant();
        return true;
    }
}
