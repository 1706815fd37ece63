using Thaw.Diagnosis.Causes;
using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Rules;

namespace Thaw.Diagnosis.Verdicts;

/// <summary>
/// Facts in, verdict out. Pure and deterministic: the same facts give the same bytes. Cheap enough to be asked again after every
/// fact of a call that is going on.
/// </summary>
public static class Judgement
{
    private const int MaxAlternatives = 4;
    private static readonly string Version = typeof(Judgement).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <summary>Of a live attempt: evidence is quoted as the lines of the trace that it would make.</summary>
    public static Verdict Of(IReadOnlyList<Fact> facts) => Of(facts, text: null, new Input("in1", "live", null, true, []));

    /// <summary>Of something that was read. A cause whose quote is not in <paramref name="text"/> is dropped.</summary>
    public static Verdict Of(IReadOnlyList<Fact> facts, InputText? text, Input input, bool isRedacted = false)
    {
        var attempt = new Attempt(facts);
        var quotes = new Quotes(text);
        List<(Rule Rule, Finding Finding)> found = [];
        List<string> missing = [], notes = [.. input.Notes];
        foreach (var rule in AllRules.InOrder)
        {
            if (AllRules.Examine(rule, attempt) is not { } finding) continue;
            if (quotes.CanShow(finding)) found.Add((rule, finding));
            else notes.Add($"{rule.Cause} was dropped: what shows it is not in the input");
        }

        found = [.. found.OrderByDescending(f => f.Finding.Confidence)]; // stable: the earlier stage first
        var named = found.Where(f => f.Finding.Confidence >= VerdictExit.Inconclusiveness).ToArray();
        var (outcome, severity) = Outcomes.Of(attempt, named.Length > 0);
        FoundCause? root = null;
        List<FoundCause> contributing = [];
        foreach (var (rule, finding) in named)
        {
            var cause = Describe(rule.Cause, finding, severity, quotes);
            if (root is null) root = cause;
            else contributing.Add(cause);
        }

        PossibleCause[] alternatives = [.. Alternatives(found, attempt).Take(MaxAlternatives)];
        missing.AddRange(alternatives.Select(a => a.WouldNeed).Distinct());
        if (root is null && outcome is not ("connected" or "in-progress")) missing.AddRange(Outcomes.Unmeasured(attempt));
        RuledOut[] ruledOut = [.. AllRules.InOrder.Where(rule => found.All(f => f.Rule != rule)).Select(rule => (rule.Cause, Cite: rule.Excludes?.Invoke(attempt)))
            .Where(item => item.Cite is { } cite && quotes.CanShow(cite)).Select(item => new RuledOut(item.Cause, TitleOf(item.Cause), [quotes.Of(item.Cite!.Value)]))];
        Benign[] benign = [.. Noise.In(attempt).Where(noise => quotes.CanShow(noise.Cite)).Select(noise => new Benign(noise.Id, [quotes.Of(noise.Cite)], noise.Why))];

        int exit = root is { Severity: "fatal", Confidence: >= VerdictExit.Threshold } ? VerdictExit.Found : outcome is "connected" or "connected-degraded" ? VerdictExit.Well : VerdictExit.Inconclusive;
        return new Verdict(Verdict.CurrentSchema, new Tool("thaw", Version), null, [input with { Notes = notes }], outcome, attempt.Stage, attempt.Now, root, contributing, alternatives, ruledOut, benign,
            quotes.All, Timelines.Of(attempt), Phases.Of(attempt), missing, isRedacted ? "addresses" : "none", exit);
    }

    /// <summary>What each rule says, for tests and for tables of them.</summary>
    internal static IEnumerable<string> FindingsOf(IReadOnlyList<Fact> facts)
    {
        var attempt = new Attempt(facts);
        return AllRules.InOrder.Where(rule => AllRules.Examine(rule, attempt) is not null).Select(rule => rule.Cause);
    }

    private static FoundCause Describe(string id, Finding finding, string severity, Quotes quotes)
    {
        var cause = Catalogue.Find(id) ?? throw new InvalidOperationException($"No cause {id} in the catalogue.");
        return new FoundCause(id, cause.Title, severity, finding.Confidence, WordOf(finding.Confidence), cause.Where, [.. finding.Evidence.Select(quotes.Of)],
            [.. cause.Fixes.Select(fix => new Remedy(RoleOf(fix.Who), fix.Do, fix.Snippet, cause.Verify))], $"docs/causes.md#{id}");
    }

    private static IEnumerable<PossibleCause> Alternatives(List<(Rule Rule, Finding Finding)> found, Attempt attempt)
    {
        HashSet<string> seen = [.. found.Where(f => f.Finding.Confidence >= VerdictExit.Inconclusiveness).Select(f => f.Rule.Cause)];
        foreach (var (rule, finding) in found.Where(f => f.Finding.Confidence < VerdictExit.Inconclusiveness))
            if (seen.Add(rule.Cause)) yield return new(rule.Cause, TitleOf(rule.Cause), finding.Confidence, finding.Alternatives is [var first, ..] ? first.WouldNeed : "the other side's account of the same minute");
        foreach (var alternative in found.SelectMany(f => f.Finding.Alternatives).OrderByDescending(a => a.Confidence))
            if (seen.Add(alternative.Cause) && !IsExcluded(alternative.Cause, attempt)) yield return new(alternative.Cause, TitleOf(alternative.Cause), alternative.Confidence, alternative.WouldNeed);
    }

    private static bool IsExcluded(string cause, Attempt attempt) => AllRules.InOrder.FirstOrDefault(rule => rule.Cause == cause)?.Excludes?.Invoke(attempt) is not null;

    internal static string WordOf(double confidence) => confidence switch { >= 0.85 => "high", >= VerdictExit.Threshold => "medium", _ => "low" };

    internal static string RoleOf(Role role) => role switch { Role.Person => "person at the browser", Role.Developer => "app developer", Role.ServerAdmin => "server admin", _ => "network admin" };

    private static string TitleOf(string id) => Catalogue.Find(id)?.Title ?? id;
}
