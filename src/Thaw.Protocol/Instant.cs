namespace Thaw.Protocol;

/// <summary>A point on a monotonic clock, in 100 ns ticks. Hosts make them; this assembly only compares and adds.</summary>
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    /// <summary>Later than every other instant: a deadline that is not set.</summary>
    public static Instant Never => new(long.MaxValue);

    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    public static Instant operator +(Instant at, TimeSpan by) => at == Never ? Never : new(at.Ticks + by.Ticks);
    public static TimeSpan operator -(Instant later, Instant earlier) => new(later.Ticks - earlier.Ticks);
    public static bool operator <(Instant a, Instant b) => a.Ticks < b.Ticks;
    public static bool operator >(Instant a, Instant b) => a.Ticks > b.Ticks;
    public static bool operator <=(Instant a, Instant b) => a.Ticks <= b.Ticks;
    public static bool operator >=(Instant a, Instant b) => a.Ticks >= b.Ticks;

    public static Instant Earlier(Instant a, Instant b) => a < b ? a : b;
}
