using System.Text.RegularExpressions;

namespace Thaw.Diagnosis.Facts;

/// <summary>
/// Takes addresses and credentials' names out of a text so that it can be shown to anyone. The same address becomes the same token,
/// and the token tells its class: rules come to the same verdict.
/// </summary>
public sealed partial class Redaction
{
    private readonly Dictionary<string, string> _tokens = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _counts = [];

    /// <summary>A line of a trace, a log or a dump. Numbers go up in the order in which addresses come: the same input, the same tokens.</summary>
    public string Of(string line) => Address().Replace(line, match => Token(match.Value));

    private string Token(string found)
    {
        var known = AddressClasses.Of(found);
        if (known is AddressClass.Name or AddressClass.Unspecified or AddressClass.Loopback) return found; // a version number; and what names nobody
        if (_tokens.TryGetValue(found, out string? token)) return token;

        string word = AddressClasses.Word(known) + (AddressClasses.IsIPv6(found) ? "6" : "");
        int number = _counts[word] = _counts.GetValueOrDefault(word) + 1;
        return _tokens[found] = $"{word}-{number}";
    }

    // IPv4, IPv6 in full or with ::, and names that browsers make up for addresses. What only looks like one is looked at again.
    [GeneratedRegex(@"(?:(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)|(?<![\w.:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])|(?<![\w.-])[\w-]+\.local\b)", RegexOptions.CultureInvariant)]
    private static partial Regex Address();
}
