namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    // So that a page costs what the page is long, however many allocations there are.
    private readonly SortedSet<Numbered> _byNumber = new(Comparer<Numbered>.Create((a, b) => a.Number.CompareTo(b.Number)));

    /// <summary>Looks at the oldest allocations of those that are numbered <paramref name="from"/> or higher.</summary>
    public IReadOnlyList<AllocationSnapshot> Snapshot(long from, int most, Instant now)
    {
        var page = new List<AllocationSnapshot>();
        foreach (var (_, allocation) in _byNumber.GetViewBetween(new Numbered(from, null), new Numbered(long.MaxValue, null)))
        {
            if (page.Count >= most) break;
            page.Add(allocation!.Snapshot(now));
        }

        return page;
    }

    private readonly record struct Numbered(long Number, Allocation? Allocation);
}
