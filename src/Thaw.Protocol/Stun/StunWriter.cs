using System.Buffers.Binary;

namespace Thaw.Protocol.Stun;

/// <summary>Builds one STUN message in place in the caller's buffer; its header length is right after every call.</summary>
public ref struct StunWriter
{
    private readonly Span<byte> _buffer;
    private int _length = StunHeader.Length;

    public StunWriter(Span<byte> buffer, StunMethod method, StunClass @class, TransactionId transaction)
    {
        _buffer = buffer;
        int m = (int)method, c = (int)@class;
        int type = (m & 0x000F) | (m & 0x0070) << 1 | (m & 0x0F80) << 2 | (c & 1) << 4 | (c & 2) << 7; // RFC 8489 §5
        BinaryPrimitives.WriteUInt16BigEndian(_buffer, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[2..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(_buffer[4..], StunHeader.MagicCookie);
        transaction.Write(_buffer[8..]);
    }

    /// <summary>Adds a flag such as USE-CANDIDATE.</summary>
    public void Add(StunAttributeType type) => Reserve(type, 0);

    public void Add(StunAttributeType type, scoped ReadOnlySpan<byte> value) => value.CopyTo(Reserve(type, value.Length));

    public void Add(StunAttributeType type, uint value)
        => BinaryPrimitives.WriteUInt32BigEndian(Reserve(type, sizeof(uint)), value);

    public void Add(StunAttributeType type, ulong value)
        => BinaryPrimitives.WriteUInt64BigEndian(Reserve(type, sizeof(ulong)), value);

    public void AddAddress(StunAttributeType type, TransportAddress address)
        => StunAddress.Write(Reserve(type, StunAddress.Length(address)), default, address);

    public void AddXorAddress(StunAttributeType type, TransportAddress address)
        => StunAddress.Write(Reserve(type, StunAddress.Length(address)), _buffer[4..StunHeader.Length], address);

    /// <summary>ERROR-CODE (RFC 8489 §14.8).</summary>
    public void AddError(int code, scoped ReadOnlySpan<byte> reason)
    {
        var value = Reserve(StunAttributeType.ErrorCode, 4 + reason.Length);
        value[2] = (byte)(code / 100);
        value[3] = (byte)(code % 100);
        reason.CopyTo(value[4..]);
    }

    /// <summary>UNKNOWN-ATTRIBUTES (RFC 8489 §14.9).</summary>
    public void AddUnknown(scoped ReadOnlySpan<ushort> types)
    {
        var value = Reserve(StunAttributeType.UnknownAttributes, types.Length * sizeof(ushort));
        for (int i = 0; i < types.Length; i++) BinaryPrimitives.WriteUInt16BigEndian(value[(i * sizeof(ushort))..], types[i]);
    }

    /// <summary>MESSAGE-INTEGRITY over everything so far (RFC 8489 §14.5).</summary>
    public void AddIntegrity(scoped ReadOnlySpan<byte> key) => AddMac(StunAttributeType.MessageIntegrity, key);

    /// <summary>MESSAGE-INTEGRITY-SHA256 over everything so far (RFC 8489 §14.6).</summary>
    public void AddIntegritySha256(scoped ReadOnlySpan<byte> key) => AddMac(StunAttributeType.MessageIntegritySha256, key);

    /// <summary>FINGERPRINT, which must come last (RFC 8489 §14.7).</summary>
    public void AddFingerprint()
    {
        int covered = _length;
        var value = Reserve(StunAttributeType.Fingerprint, sizeof(uint));
        BinaryPrimitives.WriteUInt32BigEndian(value, StunSeals.Fingerprint(_buffer[..covered]));
    }

    /// <summary>Returns the message as it stands.</summary>
    public readonly ReadOnlySpan<byte> Finish() => _buffer[.._length];

    // Reserving first makes the header count the attribute itself, as the MAC wants it.
    private void AddMac(StunAttributeType type, scoped ReadOnlySpan<byte> key)
    {
        int covered = _length;
        var mac = Reserve(type, StunSeals.MacLength(type));
        StunSeals.Mac(type, key, _buffer[..covered], mac);
    }

    private Span<byte> Reserve(StunAttributeType type, int length)
    {
        var attribute = _buffer.Slice(_length, StunHeader.AttributeLength + StunHeader.Padded(length));
        attribute.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(attribute, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(attribute[2..], (ushort)length);
        _length += attribute.Length;
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[2..], (ushort)(_length - StunHeader.Length));
        return attribute.Slice(StunHeader.AttributeLength, length);
    }
}
