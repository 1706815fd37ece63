using Thaw.Protocol;
using Thaw.Protocol.Rtp;
using Thaw.Protocol.Srtp;
using Xunit;

namespace Thaw.Tests.Srtp;

/// <summary>Two ends that share keys, and packets for them.</summary>
internal static class SrtpTraffic
{
    public const uint Ssrc = 0xDECAFBAD;

    public static readonly byte[] Payload = [.. Enumerable.Range(0, 160).Select(i => (byte)i)];

    public static TheoryData<SrtpProfile> Profiles => [SrtpProfile.Aes128CmHmacSha1_80, SrtpProfile.AeadAes128Gcm];

    public static (SrtpSession Alice, SrtpSession Bob) Pair(SrtpProfile profile)
    {
        int saltLength = profile is SrtpProfile.AeadAes128Gcm ? 12 : 14;
        var (key1, key2) = (Bytes(16, 1), Bytes(16, 2));
        var (salt1, salt2) = (Bytes(saltLength, 3), Bytes(saltLength, 4));
        return (new(new(profile, key1, salt1, key2, salt2)), new(new(profile, key2, salt2, key1, salt1)));
    }

    public static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>A protected packet as it crosses the wire.</summary>
    public static byte[] Protected(this SrtpSession session, ushort sequenceNumber, uint ssrc = Ssrc)
    {
        byte[] buffer = new byte[RtpHeader.Length + Payload.Length + SrtpSession.MaxOverhead];
        int length = RtpWriter.Write(buffer, new(ssrc, 111, sequenceNumber, sequenceNumber * 960u, false), Payload);
        return buffer[..session.Protect(buffer, length)];
    }

    public static byte[] ProtectedRtp(this SrtpSession session, ReadOnlySpan<byte> rtp)
    {
        byte[] buffer = [.. rtp, .. new byte[SrtpSession.MaxOverhead]];
        return buffer[..session.Protect(buffer, rtp.Length)];
    }

    public static byte[] ProtectedRtcp(this SrtpSession session, ReadOnlySpan<byte> rtcp)
    {
        byte[] buffer = [.. rtcp, .. new byte[SrtpSession.MaxOverhead]];
        return buffer[..session.ProtectRtcp(buffer, rtcp.Length)];
    }

    /// <summary>Unprotects a copy: the same wire bytes can be tried again.</summary>
    public static DropReason? Try(this SrtpSession session, byte[] wire) => session.TryUnprotect([.. wire], out _);

    public static DropReason? TryRtcp(this SrtpSession session, byte[] wire) => session.TryUnprotectRtcp([.. wire], out _);
}
