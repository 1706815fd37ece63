namespace Thaw.Protocol.Srtp;

/// <summary>
/// One direction's session keys and the transform they feed. Works in place: a packet is header, content and then
/// <see cref="RtpOverhead"/> or <see cref="RtcpOverhead"/> bytes that the transform fills or checks.
/// </summary>
internal abstract class SrtpCipher : IDisposable
{
    /// <summary>The fixed part of every RTCP packet stays in clear (RFC 3711 §3.4).</summary>
    protected const int RtcpHeaderLength = 8;

    public const uint EncryptedFlag = 0x8000_0000; // E, RFC 3711 §3.4

    public abstract int RtpOverhead { get; }
    public abstract int RtcpOverhead { get; }

    /// <summary>Where the word of E flag and SRTCP index is, from the packet's end.</summary>
    public abstract int IndexWordFromEnd { get; }

    public static SrtpCipher Create(SrtpProfile profile, ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt)
    {
        int saltLength = profile switch
        {
            SrtpProfile.Aes128CmHmacSha1_80 => AesCmHmacSha1Cipher.SaltLength,
            SrtpProfile.AeadAes128Gcm => AesGcmCipher.SaltLength,
            _ => throw new ArgumentOutOfRangeException(nameof(profile)),
        };
        ArgumentOutOfRangeException.ThrowIfNotEqual(masterKey.Length, AesCounter.KeyLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(masterSalt.Length, saltLength);

        using var master = AesCounter.Create(masterKey);
        return profile is SrtpProfile.AeadAes128Gcm
            ? AesGcmCipher.Derive(master, masterSalt)
            : AesCmHmacSha1Cipher.Derive(master, masterSalt);
    }

    /// <param name="index">ROC · 2^16 + sequence number (RFC 3711 §3.3.1).</param>
    public abstract void ProtectRtp(Span<byte> packet, int headerLength, uint ssrc, ulong index);

    /// <summary>False if the tag is wrong; then the packet's bytes are unspecified.</summary>
    public abstract bool TryUnprotectRtp(Span<byte> packet, int headerLength, uint ssrc, ulong index);

    public abstract void ProtectRtcp(Span<byte> packet, uint ssrc, uint index);

    public abstract bool TryUnprotectRtcp(Span<byte> packet, uint ssrc, uint index);

    public abstract void Dispose();
}
