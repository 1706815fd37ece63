namespace Thaw.Cli.Configuration;

/// <summary>What somebody may have meant who typed something else.</summary>
internal static class Suggestion
{
    /// <returns><c> (did you mean "x"?)</c>, or nothing where nothing is near.</returns>
    public static string For(string typed, IEnumerable<string> known)
    {
        var (name, distance) = known.Select(name => (name, Distance(Bare(typed), Bare(name)))).DefaultIfEmpty(("", int.MaxValue)).MinBy(pair => pair.Item2);
        return distance <= (typed.Length < 4 ? 1 : Math.Max(2, typed.Length / 3)) ? $" (did you mean \"{name}\"?)" : "";
    }

    /// <summary>userQuota, user-quota and user_quota are one key.</summary>
    public static string Bare(string key) => key.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    // Levenshtein's, of words that no one would call long.
    private static int Distance(string a, string b)
    {
        const int longest = 64;
        if (a.Length > longest || b.Length > longest) return int.MaxValue;
        int[] above = [.. Enumerable.Range(0, b.Length + 1)], row = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
                row[j] = Math.Min(Math.Min(row[j - 1], above[j]) + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            (above, row) = (row, above);
        }

        return above[b.Length];
    }
}
