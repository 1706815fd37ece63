namespace Thaw.Diagnosis.Verdicts;

/// <summary>What is wrong with one attempt, why that is believed, and what to do. Serialised as <c>verdict/1</c>.</summary>
/// <param name="Outcome">failed, connected, connected-degraded, in-progress, unknown.</param>
/// <param name="Stage">How far it came: media-permission, signalling, gathering, candidate-exchange, checks, dtls, sctp-srtp, media, after-connect.</param>
/// <param name="Created">When it was judged; null by default, so that the same input gives the same bytes.</param>
/// <param name="ElapsedMs">Of the attempt, as far as it is known.</param>
/// <param name="RootCause">One, or none.</param>
/// <param name="MissingInput">What would make it surer.</param>
/// <param name="Redaction">none or addresses.</param>
/// <param name="ExitCode">As <c>thaw explain</c> ends.</param>
public sealed record Verdict(
    string Schema, Tool Tool, string? Created, IReadOnlyList<Input> Input, string Outcome, string Stage, double ElapsedMs, FoundCause? RootCause, IReadOnlyList<FoundCause> Contributing,
    IReadOnlyList<PossibleCause> Alternatives, IReadOnlyList<RuledOut> RuledOut, IReadOnlyList<Benign> Benign, IReadOnlyList<Evidence> Evidence, IReadOnlyList<Moment> Timeline, IReadOnlyList<Phase> Phases,
    IReadOnlyList<string> MissingInput, string Redaction, int ExitCode)
{
    public const string CurrentSchema = "verdict/1";
}

public sealed record Tool(string Name, string Version);

/// <param name="Sha256">Lower-case hex; null where there is no file.</param>
/// <param name="Notes">What of it was not read, and why.</param>
public sealed record Input(string Id, string Kind, string? Sha256, bool Complete, IReadOnlyList<string> Notes);

/// <param name="Severity">fatal, or warning where the call works.</param>
/// <param name="ConfidenceWord">high from 0.85, medium from 0.6, low below.</param>
/// <param name="Evidence">Ids.</param>
public sealed record FoundCause(
    string Id, string Title, string Severity, double Confidence, string ConfidenceWord, string Where, IReadOnlyList<string> Evidence, IReadOnlyList<Remedy> Fix, string Docs);

public sealed record Remedy(string Who, string Do, string? Snippet, string Verify);

public sealed record PossibleCause(string Id, string Title, double Confidence, string WouldNeed);

public sealed record RuledOut(string Id, string Title, IReadOnlyList<string> Because);

public sealed record Benign(string Id, IReadOnlyList<string> Evidence, string WhyBenign);

/// <param name="Quote">What stands at the locator, letter for letter.</param>
public sealed record Evidence(string Id, string Input, Place Locator, string Quote, string ReadsAs);

/// <param name="Line">From 1; null where there is none.</param>
public sealed record Place(string? Path, int? Line, double TMs);

public sealed record Moment(double TMs, string Phase, string Event);

/// <param name="Status">ok, slow, missing, failed.</param>
public sealed record Phase(string Name, double? Ms, double BudgetMs, string Status);
