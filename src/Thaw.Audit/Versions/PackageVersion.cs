using System.Globalization;

namespace Thaw.Audit.Versions;

/// <summary>A version of npm or PyPI, as far as its order matters: numbers, and whether it came before the release.</summary>
public readonly record struct PackageVersion : IComparable<PackageVersion>
{
    private const int MaxParts = 8;

    private readonly int[]? _parts;

    private PackageVersion(int[] parts, bool isPrerelease) => (_parts, IsPrerelease) = (parts, isPrerelease);

    /// <summary>1.0.0-beta.1, 0.0.91rc1, 1.2.dev3: less than the release with the same numbers.</summary>
    public bool IsPrerelease { get; }

    public int PartCount => Parts.Length;

    private ReadOnlySpan<int> Parts => _parts;

    public static bool TryParse(ReadOnlySpan<char> text, out PackageVersion version)
    {
        version = default;
        text = text.Trim();
        if (text.Length > 0 && text[0] is 'v' or 'V') text = text[1..];
        var parts = new List<int>();
        int at = 0;
        while (parts.Count < MaxParts)
        {
            int end = at;
            while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
            if (end == at || !int.TryParse(text[at..end], NumberStyles.None, CultureInfo.InvariantCulture, out int part)) break;
            parts.Add(part);
            at = end;
            if (at >= text.Length || text[at] is not '.' || at + 1 >= text.Length || !char.IsAsciiDigit(text[at + 1])) break;
            at++;
        }

        if (parts.Count == 0) return false;

        var rest = text[at..].TrimStart(".-_");
        bool isLater = rest.IsEmpty || text[at] is '+' || rest.StartsWith("post", StringComparison.OrdinalIgnoreCase); // build metadata, PEP 440's post-releases
        version = new PackageVersion([.. parts], !isLater);
        return true;
    }

    public static PackageVersion Parse(string text)
        => TryParse(text, out var version) ? version : throw new FormatException($"\"{text}\" is no version.");

    /// <summary>The first version with more in <paramref name="place"/> (from 0): 1.6.2 with place 1 is 1.7.</summary>
    public PackageVersion Above(int place)
    {
        int[] parts = [.. Enumerable.Range(0, place + 1).Select(At)];
        parts[place]++;
        return new PackageVersion(parts, isPrerelease: false);
    }

    /// <summary>The number in that place; 0 where it has none.</summary>
    public int At(int place) => place < Parts.Length ? Parts[place] : 0;

    public int CompareTo(PackageVersion other)
    {
        for (int i = 0; i < Math.Max(Parts.Length, other.Parts.Length); i++)
        {
            if (At(i).CompareTo(other.At(i)) is not 0 and var order) return order;
        }

        return other.IsPrerelease.CompareTo(IsPrerelease);
    }

    public bool Equals(PackageVersion other) => CompareTo(other) == 0;

    public override int GetHashCode()
    {
        var hash = new HashCode();
        int last = Parts.Length;
        while (last > 0 && Parts[last - 1] == 0) last--; // 1.0 is 1.0.0
        foreach (int part in Parts[..last]) hash.Add(part);
        hash.Add(IsPrerelease);
        return hash.ToHashCode();
    }

    public override string ToString() => string.Join('.', Parts.ToArray());

    public static bool operator <(PackageVersion left, PackageVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(PackageVersion left, PackageVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(PackageVersion left, PackageVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(PackageVersion left, PackageVersion right) => left.CompareTo(right) >= 0;
}
