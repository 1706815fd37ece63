using System.Diagnostics.CodeAnalysis;

namespace Thaw.IceServers.Sources;

/// <summary>A source as configured: <c>PRESET[:key=value,…]</c>, or the same as a section of a file.</summary>
/// <param name="Settings">Names in lower case with dashes. Some values are secrets: this type makes no text of them.</param>
public sealed record IceSourceSpec(string Preset, IReadOnlyDictionary<string, string> Settings)
{
    private const int LongestKey = 64;

    public override string ToString() => Preset;

    /// <summary>A comma that no <c>key=</c> follows belongs to the value: lists of URLs and JSON need no quotes.</summary>
    /// <param name="error">Names the part that is wrong; never a value.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out IceSourceSpec? spec, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (spec, error) = (null, "");
        text = text.Trim();
        int colon = text.IndexOf(':');
        string preset = (colon < 0 ? text : text[..colon]).ToLowerInvariant();
        if (preset.Length == 0) { error = "a source begins with the name of a preset"; return false; }

        var settings = new Dictionary<string, string>();
        string? key = null;
        foreach (string part in colon < 0 || colon + 1 == text.Length ? [] : text[(colon + 1)..].Split(','))
        {
            int equals = part.IndexOf('=');
            string name = equals < 0 ? "" : part[..equals].Trim();
            if (IsKey(name))
            {
                key = name.ToLowerInvariant();
                if (!settings.TryAdd(key, part[(equals + 1)..])) { error = $"{preset}: {key} is set twice"; return false; }
            }
            else if (key is not null)
            {
                settings[key] += "," + part;
            }
            else
            {
                error = $"{preset}: after the colon comes key=value";
                return false;
            }
        }

        spec = new IceSourceSpec(preset, settings);
        return true;
    }

    private static bool IsKey(string name) => name.Length is > 0 and <= LongestKey && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-');
}
