using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Stun;

/// <summary>The 96-bit transaction ID, uniformly random (RFC 8489 §5).</summary>
public readonly record struct TransactionId(ulong High, uint Low)
{
    public const int Length = 12;

    public static TransactionId Next(RandomNumberGenerator random)
    {
        Span<byte> bytes = stackalloc byte[Length];
        random.GetBytes(bytes);
        return Read(bytes);
    }

    public static TransactionId Read(ReadOnlySpan<byte> bytes)
        => new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], Low);
    }
}
