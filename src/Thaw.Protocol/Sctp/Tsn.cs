namespace Thaw.Protocol.Sctp;

/// <summary>A Transmission Sequence Number; compares by serial number arithmetic (RFC 9260 §1.6, RFC 1982).</summary>
internal readonly record struct Tsn(uint Value)
{
    public Tsn Next => new(Value + 1);
    public Tsn Previous => new(Value - 1);

    public static Tsn operator +(Tsn tsn, int by) => new(tsn.Value + (uint)by);
    public static int operator -(Tsn later, Tsn earlier) => (int)(later.Value - earlier.Value);
    public static bool operator <(Tsn a, Tsn b) => a - b < 0;
    public static bool operator >(Tsn a, Tsn b) => a - b > 0;
    public static bool operator <=(Tsn a, Tsn b) => a - b <= 0;
    public static bool operator >=(Tsn a, Tsn b) => a - b >= 0;
}

/// <summary>Stream Sequence Numbers stay 16-bit integers; only their order is special (RFC 9260 §1.6).</summary>
internal static class Ssn
{
    public static bool IsBefore(ushort a, ushort b) => (short)(a - b) < 0;
}
