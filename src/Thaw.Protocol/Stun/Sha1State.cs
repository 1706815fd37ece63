using System.Buffers.Binary;
using System.Numerics;

namespace Thaw.Protocol.Stun;

/// <summary>SHA-1 in the middle of a message (FIPS 180-4 §6.1). No branch and no index depends on what is hashed.</summary>
internal struct Sha1State
{
    public const int HashLength = 20, BlockLength = 64;

    private const int LengthBytes = 8; // at the end of the last block
    private const uint K0 = 0x5A827999, K1 = 0x6ED9EBA1, K2 = 0x8F1BBCDC, K3 = 0xCA62C1D6; // FIPS 180-4 §4.2.1

    private uint _a, _b, _c, _d, _e;

    public static Sha1State Initial // FIPS 180-4 §5.3.1
        => new() { _a = 0x67452301, _b = 0xEFCDAB89, _c = 0x98BADCFE, _d = 0x10325476, _e = 0xC3D2E1F0 };

    /// <summary>Takes the rest of the message and writes the hash.</summary>
    /// <param name="absorbed">Bytes that came before, in whole blocks.</param>
    public void Finish(ReadOnlySpan<byte> message, int absorbed, Span<byte> hash)
    {
        ulong bits = (ulong)(absorbed + message.Length) * 8;
        for (; message.Length >= BlockLength; message = message[BlockLength..]) Absorb(message);

        Span<byte> last = stackalloc byte[2 * BlockLength]; // FIPS 180-4 §5.1.1
        last.Clear();
        message.CopyTo(last);
        last[message.Length] = 0x80;
        int length = message.Length + 1 + LengthBytes <= BlockLength ? BlockLength : 2 * BlockLength;
        BinaryPrimitives.WriteUInt64BigEndian(last[(length - LengthBytes)..], bits);
        Absorb(last);
        if (length > BlockLength) Absorb(last[BlockLength..]);

        BinaryPrimitives.WriteUInt32BigEndian(hash, _a);
        BinaryPrimitives.WriteUInt32BigEndian(hash[4..], _b);
        BinaryPrimitives.WriteUInt32BigEndian(hash[8..], _c);
        BinaryPrimitives.WriteUInt32BigEndian(hash[12..], _d);
        BinaryPrimitives.WriteUInt32BigEndian(hash[16..], _e);
    }

    /// <summary>One block (FIPS 180-4 §6.1.3). Written out: with 16 words in registers it takes 0.4 of the time of a loop over 80.</summary>
    public void Absorb(ReadOnlySpan<byte> block)
    {
        block = block[..BlockLength];
        uint a = _a, b = _b, c = _c, d = _d, e = _e;
        uint w0 = Word(block, 0), w1 = Word(block, 1), w2 = Word(block, 2), w3 = Word(block, 3);
        uint w4 = Word(block, 4), w5 = Word(block, 5), w6 = Word(block, 6), w7 = Word(block, 7);
        uint w8 = Word(block, 8), w9 = Word(block, 9), w10 = Word(block, 10), w11 = Word(block, 11);
        uint w12 = Word(block, 12), w13 = Word(block, 13), w14 = Word(block, 14), w15 = Word(block, 15);

        e += Left(a, 5) + Choose(b, c, d) + K0 + w0; b = Left(b, 30);
        d += Left(e, 5) + Choose(a, b, c) + K0 + w1; a = Left(a, 30);
        c += Left(d, 5) + Choose(e, a, b) + K0 + w2; e = Left(e, 30);
        b += Left(c, 5) + Choose(d, e, a) + K0 + w3; d = Left(d, 30);
        a += Left(b, 5) + Choose(c, d, e) + K0 + w4; c = Left(c, 30);
        e += Left(a, 5) + Choose(b, c, d) + K0 + w5; b = Left(b, 30);
        d += Left(e, 5) + Choose(a, b, c) + K0 + w6; a = Left(a, 30);
        c += Left(d, 5) + Choose(e, a, b) + K0 + w7; e = Left(e, 30);
        b += Left(c, 5) + Choose(d, e, a) + K0 + w8; d = Left(d, 30);
        a += Left(b, 5) + Choose(c, d, e) + K0 + w9; c = Left(c, 30);
        e += Left(a, 5) + Choose(b, c, d) + K0 + w10; b = Left(b, 30);
        d += Left(e, 5) + Choose(a, b, c) + K0 + w11; a = Left(a, 30);
        c += Left(d, 5) + Choose(e, a, b) + K0 + w12; e = Left(e, 30);
        b += Left(c, 5) + Choose(d, e, a) + K0 + w13; d = Left(d, 30);
        a += Left(b, 5) + Choose(c, d, e) + K0 + w14; c = Left(c, 30);
        e += Left(a, 5) + Choose(b, c, d) + K0 + w15; b = Left(b, 30);
        w0 = Left(w13 ^ w8 ^ w2 ^ w0, 1); d += Left(e, 5) + Choose(a, b, c) + K0 + w0; a = Left(a, 30);
        w1 = Left(w14 ^ w9 ^ w3 ^ w1, 1); c += Left(d, 5) + Choose(e, a, b) + K0 + w1; e = Left(e, 30);
        w2 = Left(w15 ^ w10 ^ w4 ^ w2, 1); b += Left(c, 5) + Choose(d, e, a) + K0 + w2; d = Left(d, 30);
        w3 = Left(w0 ^ w11 ^ w5 ^ w3, 1); a += Left(b, 5) + Choose(c, d, e) + K0 + w3; c = Left(c, 30);

        w4 = Left(w1 ^ w12 ^ w6 ^ w4, 1); e += Left(a, 5) + (b ^ c ^ d) + K1 + w4; b = Left(b, 30);
        w5 = Left(w2 ^ w13 ^ w7 ^ w5, 1); d += Left(e, 5) + (a ^ b ^ c) + K1 + w5; a = Left(a, 30);
        w6 = Left(w3 ^ w14 ^ w8 ^ w6, 1); c += Left(d, 5) + (e ^ a ^ b) + K1 + w6; e = Left(e, 30);
        w7 = Left(w4 ^ w15 ^ w9 ^ w7, 1); b += Left(c, 5) + (d ^ e ^ a) + K1 + w7; d = Left(d, 30);
        w8 = Left(w5 ^ w0 ^ w10 ^ w8, 1); a += Left(b, 5) + (c ^ d ^ e) + K1 + w8; c = Left(c, 30);
        w9 = Left(w6 ^ w1 ^ w11 ^ w9, 1); e += Left(a, 5) + (b ^ c ^ d) + K1 + w9; b = Left(b, 30);
        w10 = Left(w7 ^ w2 ^ w12 ^ w10, 1); d += Left(e, 5) + (a ^ b ^ c) + K1 + w10; a = Left(a, 30);
        w11 = Left(w8 ^ w3 ^ w13 ^ w11, 1); c += Left(d, 5) + (e ^ a ^ b) + K1 + w11; e = Left(e, 30);
        w12 = Left(w9 ^ w4 ^ w14 ^ w12, 1); b += Left(c, 5) + (d ^ e ^ a) + K1 + w12; d = Left(d, 30);
        w13 = Left(w10 ^ w5 ^ w15 ^ w13, 1); a += Left(b, 5) + (c ^ d ^ e) + K1 + w13; c = Left(c, 30);
        w14 = Left(w11 ^ w6 ^ w0 ^ w14, 1); e += Left(a, 5) + (b ^ c ^ d) + K1 + w14; b = Left(b, 30);
        w15 = Left(w12 ^ w7 ^ w1 ^ w15, 1); d += Left(e, 5) + (a ^ b ^ c) + K1 + w15; a = Left(a, 30);
        w0 = Left(w13 ^ w8 ^ w2 ^ w0, 1); c += Left(d, 5) + (e ^ a ^ b) + K1 + w0; e = Left(e, 30);
        w1 = Left(w14 ^ w9 ^ w3 ^ w1, 1); b += Left(c, 5) + (d ^ e ^ a) + K1 + w1; d = Left(d, 30);
        w2 = Left(w15 ^ w10 ^ w4 ^ w2, 1); a += Left(b, 5) + (c ^ d ^ e) + K1 + w2; c = Left(c, 30);
        w3 = Left(w0 ^ w11 ^ w5 ^ w3, 1); e += Left(a, 5) + (b ^ c ^ d) + K1 + w3; b = Left(b, 30);
        w4 = Left(w1 ^ w12 ^ w6 ^ w4, 1); d += Left(e, 5) + (a ^ b ^ c) + K1 + w4; a = Left(a, 30);
        w5 = Left(w2 ^ w13 ^ w7 ^ w5, 1); c += Left(d, 5) + (e ^ a ^ b) + K1 + w5; e = Left(e, 30);
        w6 = Left(w3 ^ w14 ^ w8 ^ w6, 1); b += Left(c, 5) + (d ^ e ^ a) + K1 + w6; d = Left(d, 30);
        w7 = Left(w4 ^ w15 ^ w9 ^ w7, 1); a += Left(b, 5) + (c ^ d ^ e) + K1 + w7; c = Left(c, 30);

        w8 = Left(w5 ^ w0 ^ w10 ^ w8, 1); e += Left(a, 5) + Majority(b, c, d) + K2 + w8; b = Left(b, 30);
        w9 = Left(w6 ^ w1 ^ w11 ^ w9, 1); d += Left(e, 5) + Majority(a, b, c) + K2 + w9; a = Left(a, 30);
        w10 = Left(w7 ^ w2 ^ w12 ^ w10, 1); c += Left(d, 5) + Majority(e, a, b) + K2 + w10; e = Left(e, 30);
        w11 = Left(w8 ^ w3 ^ w13 ^ w11, 1); b += Left(c, 5) + Majority(d, e, a) + K2 + w11; d = Left(d, 30);
        w12 = Left(w9 ^ w4 ^ w14 ^ w12, 1); a += Left(b, 5) + Majority(c, d, e) + K2 + w12; c = Left(c, 30);
        w13 = Left(w10 ^ w5 ^ w15 ^ w13, 1); e += Left(a, 5) + Majority(b, c, d) + K2 + w13; b = Left(b, 30);
        w14 = Left(w11 ^ w6 ^ w0 ^ w14, 1); d += Left(e, 5) + Majority(a, b, c) + K2 + w14; a = Left(a, 30);
        w15 = Left(w12 ^ w7 ^ w1 ^ w15, 1); c += Left(d, 5) + Majority(e, a, b) + K2 + w15; e = Left(e, 30);
        w0 = Left(w13 ^ w8 ^ w2 ^ w0, 1); b += Left(c, 5) + Majority(d, e, a) + K2 + w0; d = Left(d, 30);
        w1 = Left(w14 ^ w9 ^ w3 ^ w1, 1); a += Left(b, 5) + Majority(c, d, e) + K2 + w1; c = Left(c, 30);
        w2 = Left(w15 ^ w10 ^ w4 ^ w2, 1); e += Left(a, 5) + Majority(b, c, d) + K2 + w2; b = Left(b, 30);
        w3 = Left(w0 ^ w11 ^ w5 ^ w3, 1); d += Left(e, 5) + Majority(a, b, c) + K2 + w3; a = Left(a, 30);
        w4 = Left(w1 ^ w12 ^ w6 ^ w4, 1); c += Left(d, 5) + Majority(e, a, b) + K2 + w4; e = Left(e, 30);
        w5 = Left(w2 ^ w13 ^ w7 ^ w5, 1); b += Left(c, 5) + Majority(d, e, a) + K2 + w5; d = Left(d, 30);
        w6 = Left(w3 ^ w14 ^ w8 ^ w6, 1); a += Left(b, 5) + Majority(c, d, e) + K2 + w6; c = Left(c, 30);
        w7 = Left(w4 ^ w15 ^ w9 ^ w7, 1); e += Left(a, 5) + Majority(b, c, d) + K2 + w7; b = Left(b, 30);
        w8 = Left(w5 ^ w0 ^ w10 ^ w8, 1); d += Left(e, 5) + Majority(a, b, c) + K2 + w8; a = Left(a, 30);
        w9 = Left(w6 ^ w1 ^ w11 ^ w9, 1); c += Left(d, 5) + Majority(e, a, b) + K2 + w9; e = Left(e, 30);
        w10 = Left(w7 ^ w2 ^ w12 ^ w10, 1); b += Left(c, 5) + Majority(d, e, a) + K2 + w10; d = Left(d, 30);
        w11 = Left(w8 ^ w3 ^ w13 ^ w11, 1); a += Left(b, 5) + Majority(c, d, e) + K2 + w11; c = Left(c, 30);

        w12 = Left(w9 ^ w4 ^ w14 ^ w12, 1); e += Left(a, 5) + (b ^ c ^ d) + K3 + w12; b = Left(b, 30);
        w13 = Left(w10 ^ w5 ^ w15 ^ w13, 1); d += Left(e, 5) + (a ^ b ^ c) + K3 + w13; a = Left(a, 30);
        w14 = Left(w11 ^ w6 ^ w0 ^ w14, 1); c += Left(d, 5) + (e ^ a ^ b) + K3 + w14; e = Left(e, 30);
        w15 = Left(w12 ^ w7 ^ w1 ^ w15, 1); b += Left(c, 5) + (d ^ e ^ a) + K3 + w15; d = Left(d, 30);
        w0 = Left(w13 ^ w8 ^ w2 ^ w0, 1); a += Left(b, 5) + (c ^ d ^ e) + K3 + w0; c = Left(c, 30);
        w1 = Left(w14 ^ w9 ^ w3 ^ w1, 1); e += Left(a, 5) + (b ^ c ^ d) + K3 + w1; b = Left(b, 30);
        w2 = Left(w15 ^ w10 ^ w4 ^ w2, 1); d += Left(e, 5) + (a ^ b ^ c) + K3 + w2; a = Left(a, 30);
        w3 = Left(w0 ^ w11 ^ w5 ^ w3, 1); c += Left(d, 5) + (e ^ a ^ b) + K3 + w3; e = Left(e, 30);
        w4 = Left(w1 ^ w12 ^ w6 ^ w4, 1); b += Left(c, 5) + (d ^ e ^ a) + K3 + w4; d = Left(d, 30);
        w5 = Left(w2 ^ w13 ^ w7 ^ w5, 1); a += Left(b, 5) + (c ^ d ^ e) + K3 + w5; c = Left(c, 30);
        w6 = Left(w3 ^ w14 ^ w8 ^ w6, 1); e += Left(a, 5) + (b ^ c ^ d) + K3 + w6; b = Left(b, 30);
        w7 = Left(w4 ^ w15 ^ w9 ^ w7, 1); d += Left(e, 5) + (a ^ b ^ c) + K3 + w7; a = Left(a, 30);
        w8 = Left(w5 ^ w0 ^ w10 ^ w8, 1); c += Left(d, 5) + (e ^ a ^ b) + K3 + w8; e = Left(e, 30);
        w9 = Left(w6 ^ w1 ^ w11 ^ w9, 1); b += Left(c, 5) + (d ^ e ^ a) + K3 + w9; d = Left(d, 30);
        w10 = Left(w7 ^ w2 ^ w12 ^ w10, 1); a += Left(b, 5) + (c ^ d ^ e) + K3 + w10; c = Left(c, 30);
        w11 = Left(w8 ^ w3 ^ w13 ^ w11, 1); e += Left(a, 5) + (b ^ c ^ d) + K3 + w11; b = Left(b, 30);
        w12 = Left(w9 ^ w4 ^ w14 ^ w12, 1); d += Left(e, 5) + (a ^ b ^ c) + K3 + w12; a = Left(a, 30);
        w13 = Left(w10 ^ w5 ^ w15 ^ w13, 1); c += Left(d, 5) + (e ^ a ^ b) + K3 + w13; e = Left(e, 30);
        w14 = Left(w11 ^ w6 ^ w0 ^ w14, 1); b += Left(c, 5) + (d ^ e ^ a) + K3 + w14; d = Left(d, 30);
        w15 = Left(w12 ^ w7 ^ w1 ^ w15, 1); a += Left(b, 5) + (c ^ d ^ e) + K3 + w15; c = Left(c, 30);

        (_a, _b, _c, _d, _e) = (_a + a, _b + b, _c + c, _d + d, _e + e);
    }

    private static uint Word(ReadOnlySpan<byte> block, int index) => BinaryPrimitives.ReadUInt32BigEndian(block.Slice(4 * index, sizeof(uint)));

    private static uint Left(uint value, int by) => BitOperations.RotateLeft(value, by);

    private static uint Choose(uint b, uint c, uint d) => d ^ (b & (c ^ d));

    private static uint Majority(uint b, uint c, uint d) => (b & c) + (d & (b ^ c));
}
