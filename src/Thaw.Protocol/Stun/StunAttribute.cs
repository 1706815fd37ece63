using System.Buffers.Binary;

namespace Thaw.Protocol.Stun;

/// <summary>One attribute's bytes, without padding. The typed reads are false where the value has the wrong shape.</summary>
public readonly ref struct StunAttribute
{
    internal StunAttribute(StunAttributeType type, ReadOnlySpan<byte> value, int start)
    {
        Type = type;
        Value = value;
        Start = start;
    }

    public StunAttributeType Type { get; }
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>Offset of the attribute's header in the message.</summary>
    internal int Start { get; }
    internal int End => Start + StunHeader.AttributeLength + StunHeader.Padded(Value.Length);

    /// <summary>XOR-PEER-ADDRESS and its like, of which a message may have several (RFC 8489 §14.2).</summary>
    public bool TryReadXorAddress(TransactionId transaction, out TransportAddress address)
    {
        Span<byte> mask = stackalloc byte[sizeof(uint) + TransactionId.Length];
        BinaryPrimitives.WriteUInt32BigEndian(mask, StunHeader.MagicCookie);
        transaction.Write(mask[sizeof(uint)..]);
        return StunAddress.TryRead(Value, mask, out address);
    }

    public bool TryReadUInt32(out uint value) => BinaryPrimitives.TryReadUInt32BigEndian(Value, out value) && Value.Length == 4;

    public bool TryReadUInt64(out ulong value) => BinaryPrimitives.TryReadUInt64BigEndian(Value, out value) && Value.Length == 8;

    /// <summary>MAPPED-ADDRESS and its like (RFC 8489 §14.1).</summary>
    public bool TryReadAddress(out TransportAddress address) => StunAddress.TryRead(Value, default, out address);

    /// <summary>ERROR-CODE (RFC 8489 §14.8).</summary>
    public bool TryReadError(out int code, out ReadOnlySpan<byte> reason)
    {
        code = 0;
        reason = default;
        if (Value.Length < 4) return false;

        int hundreds = Value[2] & 0b111, number = Value[3];
        if (hundreds is < 3 or > 6 || number > 99) return false;
        code = hundreds * 100 + number;
        reason = Value[4..];
        return true;
    }
}

/// <summary>The two address families, plain (empty mask) or XORed with cookie and transaction ID (RFC 8489 §14.1, §14.2).</summary>
internal static class StunAddress
{
    private const byte IPv4 = 1, IPv6 = 2;
    private const int Prefix = 4; // zero, family, port

    public static int Length(TransportAddress address) => Prefix + address.AddressLength;

    public static bool TryRead(ReadOnlySpan<byte> value, ReadOnlySpan<byte> mask, out TransportAddress address)
    {
        address = default;
        if (value.Length < Prefix) return false;

        int length = value[1] switch { IPv4 => 4, IPv6 => 16, _ => -1 };
        if (value.Length != Prefix + length) return false;

        Span<byte> bytes = stackalloc byte[length];
        value[Prefix..].CopyTo(bytes);
        Mask(bytes, mask);
        ushort port = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(value[2..]) ^ PortMask(mask));
        address = length == 4 ? TransportAddress.FromIPv4(bytes, port) : TransportAddress.FromIPv6(bytes, port);
        return true;
    }

    public static void Write(Span<byte> value, ReadOnlySpan<byte> mask, TransportAddress address)
    {
        value[0] = 0;
        value[1] = address.IsIPv4 ? IPv4 : IPv6;
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], (ushort)(address.Port ^ PortMask(mask)));
        address.WriteAddress(value[Prefix..]);
        Mask(value[Prefix..], mask);
    }

    private static int PortMask(ReadOnlySpan<byte> mask) => mask.IsEmpty ? 0 : BinaryPrimitives.ReadUInt16BigEndian(mask);

    private static void Mask(Span<byte> bytes, ReadOnlySpan<byte> mask)
    {
        if (mask.IsEmpty) return;
        for (int i = 0; i < bytes.Length; i++) bytes[i] ^= mask[i];
    }
}
