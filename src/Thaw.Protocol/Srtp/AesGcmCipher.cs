using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Srtp;

/// <summary>AEAD_AES_128_GCM (RFC 7714).</summary>
internal sealed class AesGcmCipher : SrtpCipher
{
    public const int SaltLength = 12;
    private const int TagLength = 16;
    private const int NonceLength = 12;

    private readonly AesGcm _rtp, _rtcp;
    private readonly UInt128 _rtpSalt, _rtcpSalt; // the nonce's 96 bits at the bottom

    internal AesGcmCipher(
        ReadOnlySpan<byte> rtpKey, ReadOnlySpan<byte> rtpSalt, ReadOnlySpan<byte> rtcpKey, ReadOnlySpan<byte> rtcpSalt)
    {
        (_rtp, _rtcp) = (new AesGcm(rtpKey, TagLength), new AesGcm(rtcpKey, TagLength));
        (_rtpSalt, _rtcpSalt) = (ReadNonce(rtpSalt), ReadNonce(rtcpSalt));
    }

    public override int RtpOverhead => TagLength;
    public override int RtcpOverhead => TagLength + sizeof(uint);
    public override int IndexWordFromEnd => sizeof(uint);

    public static AesGcmCipher Derive(AesCounter master, ReadOnlySpan<byte> salt)
    {
        Span<byte> keys = stackalloc byte[2 * AesCounter.KeyLength];
        Span<byte> salts = stackalloc byte[2 * SaltLength];
        SrtpKeyDerivation.Derive(master, salt, SrtpKeyLabel.RtpEncryption, keys[..AesCounter.KeyLength]);
        SrtpKeyDerivation.Derive(master, salt, SrtpKeyLabel.RtcpEncryption, keys[AesCounter.KeyLength..]);
        SrtpKeyDerivation.Derive(master, salt, SrtpKeyLabel.RtpSalt, salts[..SaltLength]);
        SrtpKeyDerivation.Derive(master, salt, SrtpKeyLabel.RtcpSalt, salts[SaltLength..]);

        var cipher = new AesGcmCipher(
            keys[..AesCounter.KeyLength], salts[..SaltLength], keys[AesCounter.KeyLength..], salts[SaltLength..]);
        CryptographicOperations.ZeroMemory(keys);
        return cipher;
    }

    public override void ProtectRtp(Span<byte> packet, int headerLength, uint ssrc, ulong index)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        WriteNonce(nonce, _rtpSalt, ssrc, index);
        var content = packet[headerLength..^TagLength];
        _rtp.Encrypt(nonce, content, content, packet[^TagLength..], packet[..headerLength]);
    }

    public override bool TryUnprotectRtp(Span<byte> packet, int headerLength, uint ssrc, ulong index)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        WriteNonce(nonce, _rtpSalt, ssrc, index);
        return TryDecrypt(_rtp, nonce, packet[headerLength..^TagLength], packet[^TagLength..], packet[..headerLength]);
    }

    public override void ProtectRtcp(Span<byte> packet, uint ssrc, uint index)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        Span<byte> associated = stackalloc byte[RtcpHeaderLength + sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(packet[^sizeof(uint)..], EncryptedFlag | index);
        WriteNonce(nonce, _rtcpSalt, ssrc, index);
        WriteAssociatedData(associated, packet);
        var content = packet[RtcpHeaderLength..^RtcpOverhead];
        _rtcp.Encrypt(nonce, content, content, packet[^RtcpOverhead..^sizeof(uint)], associated);
    }

    public override bool TryUnprotectRtcp(Span<byte> packet, uint ssrc, uint index)
    {
        Span<byte> nonce = stackalloc byte[NonceLength];
        Span<byte> associated = stackalloc byte[RtcpHeaderLength + sizeof(uint)];
        WriteNonce(nonce, _rtcpSalt, ssrc, index);
        WriteAssociatedData(associated, packet);
        return TryDecrypt(_rtcp, nonce, packet[RtcpHeaderLength..^RtcpOverhead], packet[^RtcpOverhead..^sizeof(uint)], associated);
    }

    public override void Dispose()
    {
        _rtp.Dispose();
        _rtcp.Dispose();
    }

    // The base library has no other way to say "wrong tag" than this exception; it ends here.
    private static bool TryDecrypt(
        AesGcm gcm, ReadOnlySpan<byte> nonce, Span<byte> content, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associated)
    {
        try
        {
            gcm.Decrypt(nonce, content, tag, content, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    // RFC 7714 §8.1: 16 zero bits, SSRC, ROC and SEQ, XOR the salt. §9.1 is the same with a 48-bit SRTCP index.
    private static void WriteNonce(Span<byte> nonce, UInt128 salt, uint ssrc, ulong index)
    {
        var value = salt ^ ((UInt128)ssrc << 48) ^ index;
        BinaryPrimitives.WriteUInt32BigEndian(nonce, (uint)(value >> 64));
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], (ulong)value);
    }

    private static UInt128 ReadNonce(ReadOnlySpan<byte> nonce)
        => new(BinaryPrimitives.ReadUInt32BigEndian(nonce), BinaryPrimitives.ReadUInt64BigEndian(nonce[4..]));

    // RFC 7714 §9.2: the clear header and the word of E flag and index.
    private static void WriteAssociatedData(Span<byte> associated, ReadOnlySpan<byte> packet)
    {
        packet[..RtcpHeaderLength].CopyTo(associated);
        packet[^sizeof(uint)..].CopyTo(associated[RtcpHeaderLength..]);
    }
}
