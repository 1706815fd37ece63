namespace Thaw.Protocol.Rtp;

/// <summary>NTP timestamps (RFC 3550 §4) and their middle 32 bits.</summary>
public static class NtpTime
{
    /// <summary>
    /// Time since the host's clock began. RFC 3550 §6.4.1 allows it where there is no wall clock, and it serves round
    /// trips and the RTP clock's rate as well.
    /// </summary>
    public static ulong From(Instant now)
        => (ulong)(((UInt128)(ulong)now.Ticks << 32) / TimeSpan.TicksPerSecond);

    internal static uint Middle(ulong ntp) => (uint)(ntp >> 16);

    /// <summary>In 1/65536 s, saturating: a uint holds 18 hours.</summary>
    internal static uint ShortFrom(TimeSpan delay)
        => (uint)long.Clamp((long)((Int128)delay.Ticks * 65536 / TimeSpan.TicksPerSecond), 0, uint.MaxValue);

    internal static TimeSpan ToTimeSpan(uint shortTime) => new((long)shortTime * TimeSpan.TicksPerSecond / 65536);
}
