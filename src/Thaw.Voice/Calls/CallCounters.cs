namespace Thaw.Voice.Calls;

/// <summary>What a call ignored.</summary>
internal sealed class CallCounters
{
    private long _malformed, _dropped;

    public long Malformed => Volatile.Read(ref _malformed);
    public long Dropped => Volatile.Read(ref _dropped);

    public void CountMalformed() => Interlocked.Increment(ref _malformed);
    public void CountDropped() => Interlocked.Increment(ref _dropped);
}
