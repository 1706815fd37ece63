using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Turn;

/// <summary>
/// A self-contained access token (RFC 7635 §6.2): nonce length, nonce, and under AES-GCM with the server's name as the
/// associated data: length of the MAC key, MAC key, time of issue, lifetime.
/// </summary>
internal readonly record struct AccessToken(byte[] MacKey, long IssuedAt, long Lifetime)
{
    private const int NonceLength = 12; // RFC 5116 §5.1: neither more nor less
    private const int TagLength = 16;   // RFC 5116 §5.1
    private const int MinMacKey = 20;   // RFC 7635 §6.2: 160 bits, for HMAC-SHA1
    private const int MaxMacKey = 64;   // the block of SHA-256: a longer key is hashed to less
    private const int LengthLength = 2, TimeLength = 8, LifetimeLength = 4;
    private const int Before = LengthLength + NonceLength;
    private const int MinSealed = LengthLength + MinMacKey + TimeLength + LifetimeLength;
    private const int MaxSealed = LengthLength + MaxMacKey + TimeLength + LifetimeLength;

    /// <summary>The longest that <see cref="TryOpen"/> looks at.</summary>
    public const int MaxLength = Before + MaxSealed + TagLength;

    /// <summary>All lengths are checked before any is used.</summary>
    /// <returns><see cref="TokenFault.Malformed"/>, <see cref="TokenFault.NotOurs"/> or null.</returns>
    public static TokenFault? TryOpen(ReadOnlySpan<byte> token, ReadOnlySpan<byte> key, ReadOnlySpan<byte> serverName, out AccessToken opened)
    {
        opened = default;
        if (token.Length is < Before + MinSealed + TagLength or > MaxLength) return TokenFault.Malformed;
        if (BinaryPrimitives.ReadUInt16BigEndian(token) != NonceLength) return TokenFault.Malformed;

        var covered = token[Before..^TagLength];
        Span<byte> block = stackalloc byte[covered.Length];
        using (var cipher = new AesGcm(key, TagLength))
        {
            try
            {
                cipher.Decrypt(token.Slice(LengthLength, NonceLength), covered, token[^TagLength..], block, serverName);
            }
            catch (AuthenticationTagMismatchException)
            {
                return TokenFault.NotOurs;
            }
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(block);
        if (length is < MinMacKey or > MaxMacKey || block.Length != LengthLength + length + TimeLength + LifetimeLength) return TokenFault.Malformed;

        var rest = block[(LengthLength + length)..];
        long issuedAt = (long)(BinaryPrimitives.ReadUInt64BigEndian(rest) >> 16); // the lower 16 bits are 64000ths of a second
        opened = new AccessToken(block.Slice(LengthLength, length).ToArray(), issuedAt, BinaryPrimitives.ReadUInt32BigEndian(rest[TimeLength..]));
        return null;
    }

    /// <summary>Mints one: for tests, and for whoever wants to see one.</summary>
    /// <param name="nonce">12 bytes, never the same twice under one key.</param>
    public static byte[] Seal(
        ReadOnlySpan<byte> macKey, DateTimeOffset issuedAt, TimeSpan lifetime, ReadOnlySpan<byte> key, ReadOnlySpan<byte> serverName, ReadOnlySpan<byte> nonce)
    {
        byte[] block = new byte[LengthLength + macKey.Length + TimeLength + LifetimeLength];
        BinaryPrimitives.WriteUInt16BigEndian(block, (ushort)macKey.Length);
        macKey.CopyTo(block.AsSpan(LengthLength));
        var rest = block.AsSpan(LengthLength + macKey.Length);
        BinaryPrimitives.WriteUInt64BigEndian(rest, (ulong)issuedAt.ToUnixTimeSeconds() << 16);
        BinaryPrimitives.WriteUInt32BigEndian(rest[TimeLength..], (uint)lifetime.TotalSeconds);

        byte[] token = new byte[Before + block.Length + TagLength];
        BinaryPrimitives.WriteUInt16BigEndian(token, NonceLength);
        nonce.CopyTo(token.AsSpan(LengthLength, NonceLength));
        using var cipher = new AesGcm(key, TagLength);
        cipher.Encrypt(nonce, block, token.AsSpan(Before, block.Length), token.AsSpan(Before + block.Length), serverName);
        return token;
    }
}
