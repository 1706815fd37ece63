using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Rules;

namespace Thaw.Diagnosis.Verdicts;

/// <summary>Numbers the facts that a verdict quotes, and lets none through that is not in the input.</summary>
internal sealed class Quotes(InputText? text)
{
    private readonly Dictionary<Cite, string> _ids = [];
    private readonly List<Evidence> _evidence = [];

    public IReadOnlyList<Evidence> All => _evidence;

    /// <summary>False where the input does not say what the fact claims: then neither it nor what rests on it is shown.</summary>
    public bool CanShow(Cite cite) => text is null || cite.Fact.From is { } place && text.Holds(place);

    public bool CanShow(Finding finding) => finding.Evidence.All(CanShow);

    public string Of(Cite cite)
    {
        if (_ids.TryGetValue(cite, out string? known)) return known;

        string id = $"e{_evidence.Count + 1}";
        string quote = cite.Fact.From?.Quote ?? TraceWriter.Line(cite.Fact);
        _evidence.Add(new Evidence(id, "in1", new Place(cite.Fact.From?.Path, cite.Fact.From?.Line is > 0 and var line ? line : null, cite.Fact.T), quote, cite.ReadsAs));
        return _ids[cite] = id;
    }
}
