namespace Thaw.Probes;

/// <summary>The stages of one probe with their times; knows which one is open.</summary>
internal sealed class StageTimes(TimeProvider time)
{
    private readonly List<ProbeStep> _done = [];
    private long _since;

    /// <summary>Null between two.</summary>
    public string? Open { get; private set; }

    public IReadOnlyList<ProbeStep> Steps => Open is null ? [.. _done] : [.. _done, new ProbeStep(Open, false, Elapsed)];

    private double Elapsed => Math.Round(time.GetElapsedTime(_since).TotalMilliseconds, 1);

    public void Begin(string name) => (Open, _since) = (name, time.GetTimestamp());

    public void End()
    {
        _done.Add(new ProbeStep(Open!, true, Elapsed));
        Open = null;
    }
}
