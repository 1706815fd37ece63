using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Stun;

public readonly ref partial struct StunReader
{
    /// <summary>
    /// Checks the message's integrity attribute in constant time; MESSAGE-INTEGRITY-SHA256 is the one that counts where
    /// both are present. The received buffer is only read.
    /// </summary>
    public StunSeal CheckIntegrity(ReadOnlySpan<byte> key)
    {
        if (TryFind(StunAttributeType.MessageIntegritySha256, out var attribute) || TryFind(StunAttributeType.MessageIntegrity, out attribute))
            return CheckMac(attribute, key) ? StunSeal.Valid : StunSeal.Invalid;

        return StunSeal.Missing;
    }

    /// <summary>Checks FINGERPRINT, which must be the last attribute (RFC 8489 §14.7).</summary>
    public StunSeal CheckFingerprint()
    {
        if (!TryFind(StunAttributeType.Fingerprint, out var attribute)) return StunSeal.Missing;

        bool isLast = attribute.End == _message.Length;
        return isLast && attribute.TryReadUInt32(out uint sent) && sent == StunSeals.Fingerprint(_message[..attribute.Start])
            ? StunSeal.Valid
            : StunSeal.Invalid;
    }

    private bool CheckMac(in StunAttribute attribute, ReadOnlySpan<byte> key)
    {
        if (attribute.Value.Length != StunSeals.MacLength(attribute.Type)) return false;

        // RFC 8489 §14.5: the MAC was made while the length counted nothing after the integrity attribute.
        Span<byte> covered = stackalloc byte[attribute.Start];
        _message[..attribute.Start].CopyTo(covered);
        BinaryPrimitives.WriteUInt16BigEndian(covered[2..], (ushort)(attribute.End - StunHeader.Length));

        Span<byte> expected = stackalloc byte[attribute.Value.Length];
        StunSeals.Mac(attribute.Type, key, covered, expected);
        return CryptographicOperations.FixedTimeEquals(expected, attribute.Value);
    }
}

/// <summary>The arithmetic that reader and writer share.</summary>
internal static class StunSeals
{
    private const uint FingerprintXor = 0x5354554E; // RFC 8489 §14.7: "STUN"

    public static int MacLength(StunAttributeType type)
        => type is StunAttributeType.MessageIntegritySha256 ? HMACSHA256.HashSizeInBytes : Sha1State.HashLength;

    public static void Mac(StunAttributeType type, ReadOnlySpan<byte> key, ReadOnlySpan<byte> covered, Span<byte> mac)
    {
        if (type is StunAttributeType.MessageIntegritySha256) HMACSHA256.HashData(key, covered, mac);
        else HmacSha1.Hash(key, covered, mac); // RFC 8489 §14.5
    }

    public static uint Fingerprint(ReadOnlySpan<byte> covered) => Crc32.Compute(covered) ^ FingerprintXor;
}
