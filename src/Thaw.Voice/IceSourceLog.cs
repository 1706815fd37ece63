using Thaw.IceServers;

namespace Thaw.Voice;

/// <summary>One line for each source and end, and another when what becomes of it changes.</summary>
internal sealed class IceSourceLog(ILogger log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string, IceAudience?), string> _told = [];

    /// <summary>From any thread.</summary>
    public void Observe(IceSourceState state)
    {
        lock (_lock)
        {
            if (!IsNews(state)) return;
            string audience = state.Audience is IceAudience.Browser ? "browsers" : "this backend";
            int again = (int)Math.Ceiling(state.RetryIn?.TotalSeconds ?? 0);
            switch (state.Health)
            {
                case IceSourceHealth.Fresh when state.ExpiresAt is { } end && state.LastSuccess is { } since:
                    log.IceSourceGranted(state.Name, state.Servers, audience, (end - since).TotalHours);
                    break;
                case IceSourceHealth.Fresh: log.IceSourceGranted(state.Name, state.Servers, audience); break;
                case IceSourceHealth.Stale: log.IceSourceStale(state.Name, audience, state.Error ?? "", again); break;
                case IceSourceHealth.Failing when state.Audience is null: log.IceSourceFaulted(state.Name, state.Error ?? ""); break;
                case IceSourceHealth.Failing: log.IceSourceFailed(state.Name, audience, state.Error ?? "", again); break;
            }

            if (state is { Health: IceSourceHealth.Fresh, ClockSkew: { } skew })
                log.ClockSkew(state.Name, $"{skew.Duration().TotalSeconds:0} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")}");
            if (state is { Health: IceSourceHealth.Fresh, Warnings: { } odd }) log.IceServersOdd(state.Name, string.Join(", ", odd));
        }
    }

    private bool IsNews(IceSourceState state)
    {
        string now = $"{state.Health} {(state.Health is IceSourceHealth.Fresh ? $"{state.ClockSkew is not null} {string.Join(',', state.Warnings ?? [])}" : state.Error)}";
        if (_told.GetValueOrDefault((state.Name, state.Audience)) == now) return false;
        _told[(state.Name, state.Audience)] = now;
        return true;
    }
}
