using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Srtp;

/// <summary>AES128_CM_HMAC_SHA1_80: counter mode, then an 80-bit HMAC-SHA1 over it (RFC 3711 §4.1.1, §4.2.1).</summary>
internal sealed class AesCmHmacSha1Cipher(
    AesCmHmacSha1Cipher.SessionKeys rtp, AesCmHmacSha1Cipher.SessionKeys rtcp) : SrtpCipher
{
    public const int SaltLength = 14;
    private const int TagLength = 10;
    private const int HmacKeyLength = 20; // n_a = 160 bits, RFC 3711 §5.2

    public override int RtpOverhead => TagLength;
    public override int RtcpOverhead => sizeof(uint) + TagLength;
    public override int IndexWordFromEnd => sizeof(uint) + TagLength;

    public static AesCmHmacSha1Cipher Derive(AesCounter master, ReadOnlySpan<byte> salt) => new(
        SessionKeys.Derive(master, salt, SrtpKeyLabel.RtpEncryption, SrtpKeyLabel.RtpAuthentication, SrtpKeyLabel.RtpSalt),
        SessionKeys.Derive(master, salt, SrtpKeyLabel.RtcpEncryption, SrtpKeyLabel.RtcpAuthentication, SrtpKeyLabel.RtcpSalt));

    public override void ProtectRtp(Span<byte> packet, int headerLength, uint ssrc, ulong index)
    {
        rtp.Encrypt(packet[headerLength..^TagLength], ssrc, index);
        Span<byte> tag = stackalloc byte[HMACSHA1.HashSizeInBytes];
        SignRtp(packet, index, tag);
        tag[..TagLength].CopyTo(packet[^TagLength..]);
    }

    public override bool TryUnprotectRtp(Span<byte> packet, int headerLength, uint ssrc, ulong index)
    {
        Span<byte> claimed = stackalloc byte[TagLength];
        Span<byte> tag = stackalloc byte[HMACSHA1.HashSizeInBytes];
        packet[^TagLength..].CopyTo(claimed);
        SignRtp(packet, index, tag);
        if (!CryptographicOperations.FixedTimeEquals(tag[..TagLength], claimed)) return false;

        rtp.Encrypt(packet[headerLength..^TagLength], ssrc, index);
        return true;
    }

    public override void ProtectRtcp(Span<byte> packet, uint ssrc, uint index)
    {
        var signed = packet[..^TagLength];
        rtcp.Encrypt(signed[RtcpHeaderLength..^sizeof(uint)], ssrc, index);
        BinaryPrimitives.WriteUInt32BigEndian(signed[^sizeof(uint)..], EncryptedFlag | index);
        Span<byte> tag = stackalloc byte[HMACSHA1.HashSizeInBytes];
        rtcp.Sign(signed, tag);
        tag[..TagLength].CopyTo(packet[^TagLength..]);
    }

    public override bool TryUnprotectRtcp(Span<byte> packet, uint ssrc, uint index)
    {
        var signed = packet[..^TagLength];
        Span<byte> tag = stackalloc byte[HMACSHA1.HashSizeInBytes];
        rtcp.Sign(signed, tag);
        if (!CryptographicOperations.FixedTimeEquals(tag[..TagLength], packet[^TagLength..])) return false;

        rtcp.Encrypt(signed[RtcpHeaderLength..^sizeof(uint)], ssrc, index);
        return true;
    }

    public override void Dispose()
    {
        rtp.Dispose();
        rtcp.Dispose();
    }

    // RFC 3711 §4.2: what is signed is the packet and the ROC, which is not sent. It stands where the tag belongs for
    // that moment: one piece costs one native call less than two.
    private void SignRtp(Span<byte> packet, ulong index, Span<byte> tag)
    {
        BinaryPrimitives.WriteUInt32BigEndian(packet[^TagLength..], (uint)(index >> 16));
        rtp.Sign(packet[..^(TagLength - sizeof(uint))], tag);
    }

    internal sealed class SessionKeys(AesCounter cipher, IncrementalHash hmac, UInt128 salt) : IDisposable
    {
        public static SessionKeys Derive(
            AesCounter master, ReadOnlySpan<byte> masterSalt, SrtpKeyLabel encryption, SrtpKeyLabel authentication, SrtpKeyLabel salting)
        {
            Span<byte> key = stackalloc byte[AesCounter.KeyLength];
            Span<byte> hmacKey = stackalloc byte[HmacKeyLength];
            Span<byte> salt = stackalloc byte[16];
            SrtpKeyDerivation.Derive(master, masterSalt, encryption, key);
            SrtpKeyDerivation.Derive(master, masterSalt, authentication, hmacKey);
            SrtpKeyDerivation.Derive(master, masterSalt, salting, salt[..SaltLength]);
            salt[SaltLength..].Clear();

            var keys = new SessionKeys(
                AesCounter.Create(key),
                IncrementalHash.CreateHMAC(HashAlgorithmName.SHA1, hmacKey),
                BinaryPrimitives.ReadUInt128BigEndian(salt));
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(hmacKey);
            return keys;
        }

        // RFC 3711 §4.1.1: IV = (k_s · 2^16) XOR (SSRC · 2^64) XOR (i · 2^16).
        public void Encrypt(Span<byte> content, uint ssrc, ulong index)
            => cipher.Transform(content, salt ^ ((UInt128)ssrc << 64) ^ ((UInt128)index << 16));

        public void Sign(ReadOnlySpan<byte> bytes, Span<byte> tag)
        {
            hmac.AppendData(bytes);
            hmac.GetHashAndReset(tag);
        }

        public void Dispose()
        {
            cipher.Dispose();
            hmac.Dispose();
        }
    }
}
