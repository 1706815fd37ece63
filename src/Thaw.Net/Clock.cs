using Thaw.Protocol;

namespace Thaw.Net;

/// <summary>The only place where time enters: monotonic, so a stepped wall clock moves no deadline.</summary>
public sealed class Clock(TimeProvider time)
{
    private readonly long _origin = time.GetTimestamp();

    public Instant Now => new(time.GetElapsedTime(_origin).Ticks);

    public TimeProvider Time => time;
}
