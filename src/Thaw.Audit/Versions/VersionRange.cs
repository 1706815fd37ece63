namespace Thaw.Audit.Versions;

/// <summary>What a manifest lets in, as one stretch from the lowest to the highest: all that "too old" needs to know.</summary>
/// <param name="Lowest">Null: any.</param>
/// <param name="Below">The first version above it; null: none.</param>
public readonly record struct VersionRange(PackageVersion? Lowest, PackageVersion? Below)
{
    /// <summary>Every version that it lets in is older.</summary>
    public bool IsAllBefore(PackageVersion version) => Below is { } below && below <= version;

    /// <summary>It names a lowest version, and that is older.</summary>
    public bool MayBeBefore(PackageVersion version) => Lowest is { } lowest && lowest < version;

    /// <summary>Of npm: ^, ~, comparators, x-ranges, hyphens, ||. False for tags, folders, URLs.</summary>
    public static bool TryParseNpm(string text, out VersionRange range)
    {
        range = default;
        if (text.StartsWith("npm:", StringComparison.Ordinal) && text.LastIndexOf('@') is > 4 and var alias) text = text[(alias + 1)..];
        VersionRange? all = null;
        foreach (string alternative in text.Split("||"))
        {
            if (!TryParseSet(alternative, out var set)) return false;
            all = all is { } so ? so.Or(set) : set;
        }

        range = all.GetValueOrDefault();
        return all is not null;
    }

    /// <summary>Of PEP 440, and of Poetry (which has npm's ^ and ~).</summary>
    public static bool TryParsePython(string text, out VersionRange range)
    {
        range = default;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.StartsWith("!=", StringComparison.Ordinal)) continue; // a hole in it
            string comparator = part.Replace("===", "=").Replace("==", "=").Replace(" ", "");
            bool isCompatible = comparator.StartsWith("~=", StringComparison.Ordinal);
            if (!TryParseOne(isCompatible ? comparator[2..] : comparator, out var one)) return false;
            if (isCompatible)
            {
                if (!PackageVersion.TryParse(comparator.AsSpan(2), out var least) || least.PartCount < 2) return false;
                one = new VersionRange(least, least.Above(least.PartCount - 2));
            }

            range = range.And(one);
        }

        return true;
    }

    private static bool TryParseSet(string text, out VersionRange set)
    {
        set = default;
        if (text.Split(" - ", StringSplitOptions.TrimEntries) is [var from, var to])
        {
            if (!TryParseOne($">={from}", out var low) || !TryParseOne($"<={to}", out var high)) return false;
            set = low.And(high);
            return true;
        }

        foreach (string part in text.Replace(">= ", ">=").Replace("<= ", "<=").Replace("> ", ">").Replace("< ", "<").Replace("^ ", "^").Replace("~ ", "~")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParseOne(part, out var one)) return false;
            set = set.And(one);
        }

        return true;
    }

    private static bool TryParseOne(string text, out VersionRange one)
    {
        one = default;
        if (text is "" or "*" or "x" or "X" or "latest") return true;
        string sign = new([.. text.TakeWhile(c => c is '<' or '>' or '=' or '^' or '~')]);
        string number = text[sign.Length..];
        string[] parts = number.Split('.');
        int wild = Array.FindIndex(parts, part => part is "x" or "X" or "*");
        if (wild == 0) return true;
        if (wild > 0) number = string.Join('.', parts[..wild]);
        if (!PackageVersion.TryParse(number, out var version)) return false;

        int given = wild > 0 ? wild : Math.Min(parts.Length, 3);
        one = sign switch
        {
            ">=" => new(version, null),
            ">" => new(version.Above(Math.Max(version.PartCount - 1, 0)), null),
            "<" => new(null, version),
            "<=" => new(null, version.Above(version.PartCount - 1)),
            "^" => new(version, version.Above(version.At(0) > 0 || version.PartCount == 1 ? 0 : version.At(1) > 0 || version.PartCount == 2 ? 1 : 2)),
            "~" => new(version, version.Above(Math.Min(version.PartCount - 1, 1))),
            "" or "=" when given < version.PartCount || wild > 0 => new(version, version.Above(given - 1)),
            "" or "=" when parts.Length < 3 && sign is "" => new(version, version.Above(parts.Length - 1)),
            "" or "=" => new(version, version.Above(version.PartCount - 1)),
            _ => default,
        };
        return true;
    }

    private VersionRange And(VersionRange other) => new(
        Lowest is { } a && other.Lowest is { } b ? (a > b ? a : b) : Lowest ?? other.Lowest,
        Below is { } c && other.Below is { } d ? (c < d ? c : d) : Below ?? other.Below);

    private VersionRange Or(VersionRange other) => new(
        Lowest is { } a && other.Lowest is { } b ? (a < b ? a : b) : null,
        Below is { } c && other.Below is { } d ? (c > d ? c : d) : null);
}
