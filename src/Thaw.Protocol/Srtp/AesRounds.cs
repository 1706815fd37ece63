using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ArmAes = System.Runtime.Intrinsics.Arm.Aes;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace Thaw.Protocol.Srtp;

/// <summary>What an instruction set does for AES-128: eleven round keys over one block, or over four at once.</summary>
internal interface IAesRounds
{
    static abstract bool IsSupported { get; }

    /// <summary>The S-box on each byte (FIPS 197 §5.2).</summary>
    static abstract uint SubWord(uint word);

    static abstract Vector128<byte> Encrypt(Vector128<byte> block, ReadOnlySpan<Vector128<byte>> keys);

    /// <summary>Four independent blocks hide the latency of a round, which is several cycles.</summary>
    static abstract FourBlocks EncryptFour(FourBlocks blocks, ReadOnlySpan<Vector128<byte>> keys);
}

internal struct FourBlocks(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c, Vector128<byte> d)
{
    public Vector128<byte> A = a, B = b, C = c, D = d;
}

internal readonly struct X86AesRounds : IAesRounds
{
    public static bool IsSupported => X86Aes.IsSupported;

    public static uint SubWord(uint word) => X86Aes.KeygenAssist(Vector128.Create(word).AsByte(), 0).AsUInt32()[0];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Encrypt(Vector128<byte> block, ReadOnlySpan<Vector128<byte>> keys)
    {
        block ^= keys[0];
        for (int round = 1; round < 10; round++) block = X86Aes.Encrypt(block, keys[round]);
        return X86Aes.EncryptLast(block, keys[10]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourBlocks EncryptFour(FourBlocks blocks, ReadOnlySpan<Vector128<byte>> keys)
    {
        var (a, b, c, d) = (blocks.A ^ keys[0], blocks.B ^ keys[0], blocks.C ^ keys[0], blocks.D ^ keys[0]);
        for (int round = 1; round < 10; round++)
        {
            var key = keys[round];
            a = X86Aes.Encrypt(a, key);
            b = X86Aes.Encrypt(b, key);
            c = X86Aes.Encrypt(c, key);
            d = X86Aes.Encrypt(d, key);
        }

        var last = keys[10];
        return new(X86Aes.EncryptLast(a, last), X86Aes.EncryptLast(b, last), X86Aes.EncryptLast(c, last), X86Aes.EncryptLast(d, last));
    }
}

/// <summary>AESE adds the round key before it substitutes, so the last key is a plain XOR.</summary>
internal readonly struct ArmAesRounds : IAesRounds
{
    public static bool IsSupported => ArmAes.IsSupported;

    // Four equal columns: ShiftRows changes nothing, what is left is the S-box.
    public static uint SubWord(uint word)
        => ArmAes.Encrypt(Vector128.Create(word).AsByte(), Vector128<byte>.Zero).AsUInt32()[0];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Encrypt(Vector128<byte> block, ReadOnlySpan<Vector128<byte>> keys)
    {
        for (int round = 0; round < 9; round++) block = ArmAes.MixColumns(ArmAes.Encrypt(block, keys[round]));
        return ArmAes.Encrypt(block, keys[9]) ^ keys[10];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourBlocks EncryptFour(FourBlocks blocks, ReadOnlySpan<Vector128<byte>> keys)
    {
        var (a, b, c, d) = (blocks.A, blocks.B, blocks.C, blocks.D);
        for (int round = 0; round < 9; round++)
        {
            var key = keys[round];
            a = ArmAes.MixColumns(ArmAes.Encrypt(a, key));
            b = ArmAes.MixColumns(ArmAes.Encrypt(b, key));
            c = ArmAes.MixColumns(ArmAes.Encrypt(c, key));
            d = ArmAes.MixColumns(ArmAes.Encrypt(d, key));
        }

        var (ninth, last) = (keys[9], keys[10]);
        return new(
            ArmAes.Encrypt(a, ninth) ^ last, ArmAes.Encrypt(b, ninth) ^ last,
            ArmAes.Encrypt(c, ninth) ^ last, ArmAes.Encrypt(d, ninth) ^ last);
    }
}
