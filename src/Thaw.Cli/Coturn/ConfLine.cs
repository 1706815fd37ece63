namespace Thaw.Cli.Coturn;

/// <summary>One directive of a turnserver.conf.</summary>
/// <param name="Value">Empty for a switch.</param>
internal sealed record ConfLine(string Name, string Value, int Number)
{
    /// <summary>What coturn itself would see in a file: a name, then a value behind blanks or an equals sign, perhaps in quotes.</summary>
    public static IEnumerable<ConfLine> Read(TextReader text)
    {
        int number = 0;
        while (text.ReadLine() is { } line)
        {
            number++;
            string rest = line.Trim();
            if (rest.Length == 0 || rest[0] is '#' or ';') continue;

            int end = rest.IndexOfAny([' ', '=', '\t']);
            string value = end < 0 ? "" : rest[end..].TrimStart(' ', '=', '\t');
            if (value.StartsWith('"')) value = value[1..].TrimEnd();
            if (value.EndsWith('"') && end >= 0 && rest[end..].Contains('"', StringComparison.Ordinal)) value = value[..^1];
            yield return new ConfLine(end < 0 ? rest : rest[..end], value, number);
        }
    }

    /// <summary>A switch that is there is on, unless it says no.</summary>
    public bool IsOn => !No.Contains(Value, StringComparer.OrdinalIgnoreCase);

    private static readonly string[] No = ["0", "n", "no", "f", "false", "off"];
}

/// <summary>What does not carry over, and what to do instead.</summary>
/// <param name="Line">0: about the file as a whole.</param>
internal sealed record ConfNote(int Line, string Directive, string Text, bool IsRefusal = false);
