using Thaw.Diagnosis.Causes;
using Thaw.Diagnosis.Rules;

namespace Thaw.Diagnosis.Verdicts;

/// <summary>
/// The verdict for people, always in the same order: what happened, why, the proof, what to do, how to see that it worked, what it
/// is not, what would make it surer.
/// </summary>
public static class VerdictText
{
    public const int MaxLines = 25;
    private const int MaxWidth = 420; // of the longest explanation
    private const int MaxProofs = 4;
    private const int MaxFixes = 3;
    private const int MaxSnippetLines = 3;
    private const int MaxFixLines = 8; // all fixes together: with everything else that makes 25

    public static IReadOnlyList<string> Lines(Verdict verdict)
    {
        List<string> lines = [WhatHappened(verdict)];
        if (verdict.RootCause is { } cause)
        {
            string explanation = Catalogue.Find(cause.Id)?.Explanation ?? "";
            lines.Add($"Why ({Certainty(cause)}): {cause.Title} [{cause.Id}].");
            if (explanation.Length > 0) lines.Add(explanation);
            AddProof(lines, verdict, cause);
            AddFixes(lines, cause);
        }
        else if (verdict.Outcome is not ("connected" or "in-progress"))
        {
            lines.Add("Why: this input does not say. No rule found enough to name a cause.");
        }

        foreach (var other in verdict.Contributing.Take(2)) lines.Add($"Also ({Certainty(other)}): {other.Title} [{other.Id}]");
        if (verdict.Benign.Count > 0) lines.Add($"Harmless: {string.Join("; ", verdict.Benign.Take(3).Select(b => $"{ReadsAs(verdict, b.Evidence[0])} ({b.WhyBenign})"))}");
        if (verdict.RuledOut.Count > 0 && verdict.RootCause is not null)
            lines.Add($"Not the problem: {string.Join("; ", verdict.RuledOut.GroupBy(r => ReadsAs(verdict, r.Because[0])).TakeLast(5).Select(same => $"{same.First().Id} ({same.Key})"))}");
        if (verdict.MissingInput.Count > 0) lines.Add($"Surer with: {string.Join("; ", verdict.MissingInput.Take(3))}");
        foreach (string note in verdict.Input.SelectMany(input => input.Notes).Take(2)) lines.Add($"Note: {note}");
        return [.. lines.Take(MaxLines).Select(Fit)];
    }

    private static string WhatHappened(Verdict verdict)
    {
        string after = Seconds.Of(verdict.ElapsedMs);
        return verdict.Outcome switch
        {
            "connected" => $"Connected. The recording covers {after}.",
            "connected-degraded" => $"Connected, and not well ({verdict.Stage}). The recording covers {after}.",
            "in-progress" => $"Still going on at {after}: {verdict.Stage}.",
            "failed" when verdict.Stage is "after-connect" => $"Connected, then lost, at {after}.",
            "failed" => $"Not connected after {after}. It came as far as: {verdict.Stage}.",
            _ => $"No end is recorded; the last word is at {after}, at the stage {verdict.Stage}.",
        };
    }

    private static void AddProof(List<string> lines, Verdict verdict, FoundCause cause)
    {
        lines.Add("Proof:");
        foreach (var evidence in cause.Evidence.Take(MaxProofs).Select(id => verdict.Evidence.First(e => e.Id == id)))
        {
            string at = evidence.Locator is { Line: { } line } ? $"line {line}" : $"{Seconds.Of(evidence.Locator.TMs)}";
            lines.Add($"  {at}: {evidence.ReadsAs}: {evidence.Quote}");
        }
    }

    private static void AddFixes(List<string> lines, FoundCause cause)
    {
        lines.Add("Do this:");
        lines.AddRange(cause.Fix.Take(MaxFixes).SelectMany(fix => (string[])
            [$"  {fix.Who}: {fix.Do}", .. (fix.Snippet ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(MaxSnippetLines).Select(line => $"    {line}")]).Take(MaxFixLines));

        if (cause.Fix is [{ Verify: { Length: > 0 } verify }, ..]) lines.Add($"Check: {verify}");
    }

    private static string ReadsAs(Verdict verdict, string id) => verdict.Evidence.First(e => e.Id == id).ReadsAs;

    private static string Certainty(FoundCause cause) => cause.ConfidenceWord switch { "high" => "almost certainly", "medium" => "probably", _ => "possibly" };

    // A quote is shortened for the screen only; the JSON has it whole.
    private static string Fit(string line) => line.Length <= MaxWidth ? line : string.Concat(line.AsSpan(0, MaxWidth - 1), "…");
}
