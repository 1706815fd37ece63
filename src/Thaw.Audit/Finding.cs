using System.Text.Json.Serialization;

namespace Thaw.Audit;

/// <summary>How sure it is that somebody hangs.</summary>
public enum Severity
{
    /// <summary>Hangs on some networks, or with some browsers.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>Is known to hang.</summary>
    [JsonStringEnumMemberName("problem")]
    Problem,
}

/// <summary>One place of a project that is known to leave calls in "Connecting".</summary>
/// <param name="Rule">Stable, of the data file.</param>
/// <param name="Cause">What a stuck call of it looks like; an id of the catalogue of causes.</param>
/// <param name="File">From the audited folder, with slashes.</param>
/// <param name="Line">From 1.</param>
/// <param name="Quote">That line, shortened: what a reader finds there.</param>
/// <param name="Sources">Where it is written up.</param>
public sealed record Finding(
    string Rule, string Cause, Severity Severity, string Title, string File, int Line, string Quote, string Why, string Change, IReadOnlyList<string> Sources);

/// <summary>What an audit read and found.</summary>
/// <param name="FilesRead">Those that could say something.</param>
/// <param name="LeftOut">Files that were too large or too many, with the reason; empty if all was read.</param>
/// <param name="Recognised">What was recognised at all: without anything of it, silence means nothing.</param>
public sealed record AuditReport(IReadOnlyList<Finding> Findings, int FilesRead, IReadOnlyList<string> LeftOut, IReadOnlyList<string> Recognised);
