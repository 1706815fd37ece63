using System.Text;
using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Verdicts;

namespace Thaw.Fuzz.Targets;

/// <summary>A recording from anywhere. It is read, judged and written: what was read once reads the same again, and every quote is where it is said to be.</summary>
internal static class TraceTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var trace = TraceReader.Read(input);
        var again = TraceReader.Read(TraceWriter.Write(trace.Facts));
        if (again.Facts.Count != trace.Facts.Count || again.Malformed + again.UnknownKinds > 0) throw new InvalidOperationException($"{trace.Facts.Count} facts became {again.Facts.Count}.");

        var verdict = Judgement.Of(trace.Facts, trace.Text, new Input("in1", "trace", null, true, []));
        foreach (var evidence in verdict.Evidence)
            if (!trace.Text.Holds(new Locator(evidence.Locator.Line ?? 0, evidence.Quote))) throw new InvalidOperationException($"\"{evidence.Quote}\" is not in line {evidence.Locator.Line}.");
        if (VerdictText.Lines(verdict).Count > VerdictText.MaxLines) throw new InvalidOperationException("Too long to read.");
        VerdictJson.Text(verdict);
        new Redaction().Of(Encoding.UTF8.GetString(input));
    }
}
