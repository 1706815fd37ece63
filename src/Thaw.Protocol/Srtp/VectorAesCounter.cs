using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Thaw.Protocol.Srtp;

/// <summary>Counter mode on a processor with AES instructions, four blocks at a time.</summary>
internal sealed class VectorAesCounter<TRounds> : AesCounter where TRounds : struct, IAesRounds
{
    private RoundKeys _keys;

    public VectorAesCounter(ReadOnlySpan<byte> key) => Expand(key, MemoryMarshal.Cast<Vector128<byte>, uint>((Span<Vector128<byte>>)_keys));

    public override void Dispose() => ((Span<Vector128<byte>>)_keys).Clear();

    protected override void Apply(Span<byte> data, UInt128 iv)
    {
        ReadOnlySpan<Vector128<byte>> keys = _keys;
        Span<byte> ivBytes = stackalloc byte[BlockLength];
        BinaryPrimitives.WriteUInt128BigEndian(ivBytes, iv);
        var counter = Vector128.Create<byte>(ivBytes);

        int block = 0;
        for (; data.Length >= 4 * BlockLength; data = data[(4 * BlockLength)..], block += 4)
        {
            var stream = TRounds.EncryptFour(
                new(At(counter, block), At(counter, block + 1), At(counter, block + 2), At(counter, block + 3)), keys);
            Xor(data, stream.A);
            Xor(data[BlockLength..], stream.B);
            Xor(data[(2 * BlockLength)..], stream.C);
            Xor(data[(3 * BlockLength)..], stream.D);
        }

        for (; data.Length >= BlockLength; data = data[BlockLength..], block++)
            Xor(data, TRounds.Encrypt(At(counter, block), keys));
        if (data.IsEmpty) return;

        TRounds.Encrypt(At(counter, block), keys).CopyTo(ivBytes);
        for (int i = 0; i < data.Length; i++) data[i] ^= ivBytes[i];
    }

    // The IV's low 16 bits are the block number, big-endian.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> At(Vector128<byte> counter, int block)
        => counter ^ Vector128<ushort>.Zero.WithElement(7, ToBigEndian((ushort)block)).AsByte();

    private static ushort ToBigEndian(ushort value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Xor(Span<byte> data, Vector128<byte> stream)
        => (Vector128.Create<byte>(data) ^ stream).CopyTo(data);

    // FIPS 197 §5.2 on little-endian words, as both instruction sets load them: RotWord is a rotation to the right.
    private static void Expand(ReadOnlySpan<byte> key, Span<uint> words)
    {
        for (int i = 0; i < 4; i++) words[i] = BinaryPrimitives.ReadUInt32LittleEndian(key[(4 * i)..]);

        uint rcon = 1;
        for (int i = 4; i < words.Length; i++)
        {
            uint word = words[i - 1];
            if (i % 4 == 0)
            {
                word = TRounds.SubWord(BitOperations.RotateRight(word, 8)) ^ rcon;
                rcon = rcon == 0x80 ? 0x1B : rcon << 1; // doubling in GF(2^8)
            }

            words[i] = words[i - 4] ^ word;
        }
    }

    [InlineArray(11)]
    private struct RoundKeys { private Vector128<byte> _first; }
}
