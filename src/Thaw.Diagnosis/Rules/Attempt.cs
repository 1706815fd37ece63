using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>
/// The facts of one attempt, in the order of time, and what follows from them: the words that rules are made of. Null is "nobody
/// saw", here as in the facts.
/// </summary>
internal sealed partial class Attempt
{
    private readonly Dictionary<Type, object> _byType = [];

    public Attempt(IReadOnlyList<Fact> facts)
    {
        bool isSorted = true;
        for (int i = 1; i < facts.Count && isSorted; i++) isSorted = facts[i - 1].T <= facts[i].T;
        Facts = isSorted ? facts : [.. facts.OrderBy(fact => fact.T)]; // stable
    }

    public IReadOnlyList<Fact> Facts { get; }

    /// <summary>The latest moment that anything is known of.</summary>
    public double Now => Facts is [.., var last] ? last.T : 0;

    public IReadOnlyList<T> Of<T>() where T : Fact
    {
        if (_byType.TryGetValue(typeof(T), out object? known)) return (List<T>)known;
        List<T> fresh = [.. Facts.OfType<T>()];
        _byType.Add(typeof(T), fresh);
        return fresh;
    }

    public T? First<T>(Func<T, bool> where) where T : Fact => Of<T>().FirstOrDefault(where);

    public T? Last<T>(Func<T, bool> where) where T : Fact => Of<T>().LastOrDefault(where);

    public T? Last<T>() where T : Fact => Of<T>() is [.., var last] ? last : null;

    /// <summary>The browser's, or of whichever side told at all.</summary>
    private IEnumerable<T> Told<T>() where T : Fact
        => Of<T>().Any(fact => fact.Side is Side.Browser) ? Of<T>().Where(fact => fact.Side is Side.Browser) : Of<T>();
}
