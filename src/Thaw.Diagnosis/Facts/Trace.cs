namespace Thaw.Diagnosis.Facts;

/// <summary>What was read of a trace, and what was not.</summary>
/// <param name="UnknownKinds">Lines of kinds that this version does not know.</param>
/// <param name="Malformed">Lines that are no fact at all.</param>
/// <param name="LeftOut">Lines beyond <see cref="TraceReader.MaxFacts"/>.</param>
/// <param name="HasHead">The first line says <c>trace/1</c>.</param>
public sealed record Trace(IReadOnlyList<Fact> Facts, InputText Text, int UnknownKinds, int Malformed, int LeftOut, bool HasHead);

/// <summary>An input as a reader has it: a quote is checked against this before anybody is shown it.</summary>
public sealed class InputText(IReadOnlyList<string> lines)
{
    public IReadOnlyList<string> Lines => lines;

    public bool Holds(Locator place)
        => place.Quote.Length > 0 && place.Line >= 1 && place.Line <= lines.Count && lines[place.Line - 1].Contains(place.Quote, StringComparison.Ordinal);
}
