using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Thaw.Tests.Voice;

/// <summary>Time by hand that also tells when somebody has begun to wait, so that no test advances it too early.</summary>
internal sealed class SteppedTime : FakeTimeProvider
{
    private readonly ConcurrentDictionary<TimeSpan, SemaphoreSlim> _begun = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _begun.GetOrAdd(dueTime, static _ => new(0)).Release();
        return timer;
    }

    /// <summary>Completes once for each wait of exactly this length.</summary>
    public Task WaitBegunAsync(TimeSpan length) => _begun.GetOrAdd(length, static _ => new(0)).WaitAsync(VoiceWorld.Cancel);
}
