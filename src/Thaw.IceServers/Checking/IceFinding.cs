namespace Thaw.IceServers.Checking;

/// <summary>Error: it cannot work. Warning: it works, but not for everyone, or not as it reads.</summary>
public enum IceSeverity { Warning, Error }

/// <summary>One thing that is wrong with a configuration of ICE servers.</summary>
/// <param name="Code">Stable, for scripts.</param>
/// <param name="Text">A sentence for the person who wrote it. No secret.</param>
/// <param name="Subject">The URL, or the place in the JSON. No secret: what stands before an @ in a URL is blanked.</param>
/// <param name="At">Where in <paramref name="Subject"/> it begins; -1 where it is all of it.</param>
/// <param name="Instead">What was meant, most likely.</param>
public sealed record IceFinding(string Code, IceSeverity Severity, string Text, string Subject = "", int At = -1, string? Instead = null)
{
    public bool IsError => Severity is IceSeverity.Error;

    /// <summary>In one line, without a full stop.</summary>
    public string Brief => $"{(Subject.Length > 0 ? $"\"{Subject}\": " : "")}{Text}{(Instead is null ? "" : $"; write {Instead}")}";

    /// <summary>For a terminal: the sentence, the text with a caret under the offending character, what was meant.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{(IsError ? "Error" : "Warning")}: {Text}.";
        if (Subject.Length > 0) yield return $"    {Subject}";
        if (Subject.Length > 0 && At >= 0) yield return $"    {new string(' ', Math.Min(At, Subject.Length))}^";
        if (Instead is not null) yield return $"  Write {Instead}";
    }
}
