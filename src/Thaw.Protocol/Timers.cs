using System.Runtime.CompilerServices;

namespace Thaw.Protocol;

/// <summary>One deadline per named timer; the earliest is the machine's wake-up time.</summary>
/// <typeparam name="TTimer">An <see cref="int"/>-backed enum with at most eight members, numbered from 0.</typeparam>
public struct Timers<TTimer> where TTimer : unmanaged, Enum
{
    private Slots _due;

    public Timers() => ((Span<Instant>)_due).Fill(Instant.Never);

    public readonly Instant Next
    {
        get
        {
            var next = Instant.Never;
            foreach (var due in _due) next = Instant.Earlier(next, due);
            return next;
        }
    }

    public readonly Instant DueAt(TTimer timer) => _due[Index(timer)];

    public readonly bool IsSet(TTimer timer) => _due[Index(timer)] != Instant.Never;

    public void Set(TTimer timer, Instant due) => _due[Index(timer)] = due;

    public void Stop(TTimer timer) => _due[Index(timer)] = Instant.Never;

    /// <summary>True once per expiry: taking an expired timer stops it.</summary>
    public bool TryTake(TTimer timer, Instant now)
    {
        if (_due[Index(timer)] > now) return false;
        Stop(timer);
        return true;
    }

    private static int Index(TTimer timer) => Unsafe.As<TTimer, int>(ref timer);

    [InlineArray(8)]
    private struct Slots { private Instant _first; }
}
