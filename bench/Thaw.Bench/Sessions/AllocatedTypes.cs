using System.Diagnostics.Tracing;

namespace Thaw.Bench.Sessions;

/// <summary>Which types this process allocates: the runtime names one about every 100 KB.</summary>
internal sealed class AllocatedTypes : EventListener
{
    private const EventKeywords Gc = (EventKeywords)1;
    private const int AllocationTick = 10;

    private readonly Dictionary<string, double> _ticks = [];

    /// <summary>The most frequent of the last ten seconds or so.</summary>
    public string Summary()
    {
        lock (_ticks)
        {
            string most = string.Join(", ", _ticks.OrderByDescending(t => t.Value).Take(12).Select(t => $"{t.Key} {t.Value:0.0}"));
            foreach (string type in _ticks.Keys) _ticks[type] *= 0.9;
            return most;
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name is "Microsoft-Windows-DotNETRuntime") EnableEvents(eventSource, EventLevel.Verbose, Gc);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventId != AllocationTick || eventData.PayloadNames is not { } names) return;
        string type = eventData.Payload![names.IndexOf("TypeName")]!.ToString()!;
        lock (_ticks) _ticks[type] = _ticks.GetValueOrDefault(type) + 1;
    }
}
