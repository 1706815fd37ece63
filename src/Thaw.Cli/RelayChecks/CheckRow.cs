namespace Thaw.Cli.RelayChecks;

internal enum RowStatus { Ok, Warning, Problem, Unknown }

/// <summary>One thing that <c>thaw relay check</c> looked at.</summary>
/// <param name="Code">Stable, for scripts.</param>
/// <param name="Fix">What to do, or commands; capitals in a command are the reader's to fill in.</param>
internal sealed record CheckRow(string Code, RowStatus Status, string Text, params IReadOnlyList<string> Fix)
{
    public static CheckRow Ok(string code, string text) => new(code, RowStatus.Ok, text);

    public static CheckRow Warning(string code, string text, params IReadOnlyList<string> fix) => new(code, RowStatus.Warning, text, fix);

    public static CheckRow Problem(string code, string text, params IReadOnlyList<string> fix) => new(code, RowStatus.Problem, text, fix);

    /// <summary>It could not be looked at.</summary>
    public static CheckRow Unknown(string code, string text, params IReadOnlyList<string> fix) => new(code, RowStatus.Unknown, text, fix);
}
