using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Rtp;

/// <summary>
/// When to report (RFC 3550 §6.2, §6.3.1), simplified for a session of two: the bandwidth share never exceeds the
/// minimum interval, so nothing but that interval, halved at first and randomised, remains.
/// </summary>
public sealed class RtcpSchedule
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(5);      // T_min, RFC 3550 §6.2
    private static readonly TimeSpan FirstInterval = TimeSpan.FromSeconds(2.5);  // half of it, RFC 3550 §6.2
    private const double Compensation = Math.E - 1.5;                            // 1.21828, RFC 3550 §6.3.1

    private readonly RandomNumberGenerator _random;

    public RtcpSchedule(RandomNumberGenerator random, Instant now)
    {
        _random = random;
        WakeAt = now + Randomised(FirstInterval);
    }

    public Instant WakeAt { get; private set; }

    /// <summary>True once per interval.</summary>
    public bool TryTake(Instant now)
    {
        if (now < WakeAt) return false;
        WakeAt = now + Randomised(MinInterval);
        return true;
    }

    // Uniform over [0.5, 1.5] of the interval.
    private TimeSpan Randomised(TimeSpan interval)
    {
        Span<byte> bytes = stackalloc byte[4];
        _random.GetBytes(bytes);
        double uniform = BinaryPrimitives.ReadUInt32BigEndian(bytes) / (double)uint.MaxValue;
        return interval * ((0.5 + uniform) / Compensation);
    }
}
