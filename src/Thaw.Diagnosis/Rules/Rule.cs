using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>One way to hang: when the facts show it, and what shows that it is not that.</summary>
/// <param name="Cause">An id of the catalogue.</param>
/// <param name="Examine">A fold over the facts; null where they do not show it. A guess is a finding with a low confidence.</param>
/// <param name="Excludes">The fact that rules it out, for the list of what is not the problem.</param>
internal sealed record Rule(string Cause, Scope Scope, Func<Attempt, Finding?> Examine, Func<Attempt, Cite?>? Excludes = null);

internal enum Scope
{
    Connecting, // why there is no connection: never asked of an attempt that got one
    Path,       // why no path came about: asked of an attempt that failed, or should long have one
    Connected,  // what is wrong with a connection that there is, or why it was lost
    Both,       // what makes it slow, either way
}

/// <summary>What one rule says of one attempt.</summary>
/// <param name="Confidence">0 to 1: of a hundred attempts with this evidence, how many this is the cause of.</param>
/// <param name="Evidence">What shows it, the strongest first; never empty.</param>
internal sealed record Finding(double Confidence, IReadOnlyList<Cite> Evidence)
{
    /// <summary>What else would look like this, and what would tell the two apart.</summary>
    public IReadOnlyList<Alternative> Alternatives { get; init; } = [];

    /// <summary>Null where nothing shows it: no cause without a quote.</summary>
    public static Finding? Of(double confidence, params ReadOnlySpan<Cite?> evidence)
    {
        List<Cite> cites = [];
        foreach (var cite in evidence)
            if (cite is { } there) cites.Add(there);
        return cites is [] ? null : new Finding(confidence, cites);
    }

    public Finding Or(string cause, double confidence, string wouldNeed) => this with { Alternatives = [.. Alternatives, new(cause, confidence, wouldNeed)] };
}

internal readonly record struct Alternative(string Cause, double Confidence, string WouldNeed);

/// <summary>A fact, and what it says in plain words.</summary>
internal readonly record struct Cite(Fact Fact, string ReadsAs);

internal static class Cites
{
    extension(Fact? fact)
    {
        public Cite? As(string words) => fact is null ? null : new Cite(fact, words);
    }
}
