using System.Buffers.Binary;

namespace Thaw.Protocol.Stun;

/// <summary>A STUN message in the receive buffer. If you hold one, its header and attribute list are well formed.</summary>
public readonly ref partial struct StunReader
{
    private readonly ReadOnlySpan<byte> _message;

    private StunReader(ReadOnlySpan<byte> message) => _message = message;

    // RFC 8489 §5: class and method bits are interleaved in the 14-bit type.
    public StunMethod Method => (StunMethod)((Type & 0x000F) | (Type & 0x00E0) >> 1 | (Type & 0x3E00) >> 2);
    public StunClass Class => (StunClass)((Type & 0x0010) >> 4 | (Type & 0x0100) >> 7);
    public int Length => _message.Length;
    public TransactionId Transaction => TransactionId.Read(_message[8..StunHeader.Length]);

    private int Type => BinaryPrimitives.ReadUInt16BigEndian(_message);

    /// <returns>Why the datagram is no well-formed STUN message, or null and a reader.</returns>
    public static DropReason? TryRead(ReadOnlySpan<byte> datagram, out StunReader reader)
    {
        reader = default;

        if (datagram.IsEmpty) return DropReason.Empty;
        if (datagram.Length < StunHeader.Length) return DropReason.Truncated;
        if (datagram.Length > StunHeader.MaxMessage) return DropReason.TooLong;
        if ((datagram[0] & 0b1100_0000) != 0) return DropReason.NotStun;
        if (BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) != StunHeader.MagicCookie) return DropReason.BadCookie;

        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        if (length % 4 != 0 || StunHeader.Length + length != datagram.Length) return DropReason.LengthMismatch;

        for (var rest = datagram[StunHeader.Length..]; !rest.IsEmpty;)
        {
            int valueLength = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            int padded = StunHeader.AttributeLength + StunHeader.Padded(valueLength);
            if (padded > rest.Length) return DropReason.LengthMismatch;
            rest = rest[padded..];
        }

        reader = new StunReader(datagram);
        return null;
    }

    public AttributeEnumerator GetEnumerator() => new(_message);

    /// <summary>Finds the first attribute of a type: later ones of the same type are ignored (RFC 8489 §14).</summary>
    public bool TryFind(StunAttributeType type, out StunAttribute attribute)
    {
        foreach (var candidate in this)
        {
            if (candidate.Type != type) continue;
            attribute = candidate;
            return true;
        }

        attribute = default;
        return false;
    }

    public bool Has(StunAttributeType type) => TryFind(type, out _);

    /// <summary>Reads an address that is hidden from rewriting middleboxes (RFC 8489 §14.2).</summary>
    public bool TryReadXorAddress(StunAttributeType type, out TransportAddress address)
    {
        address = default;
        return TryFind(type, out var attribute) && StunAddress.TryRead(attribute.Value, _message[4..StunHeader.Length], out address);
    }

    /// <summary>Collects the types that must be understood but are not (RFC 8489 §6.3.1): the answer is 420.</summary>
    /// <returns>How many were written to <paramref name="unknown"/>, at most its length.</returns>
    public int FindUnknown(ReadOnlySpan<StunAttributeType> understood, Span<ushort> unknown)
    {
        int count = 0;
        foreach (var attribute in this)
        {
            if ((int)attribute.Type >= 0x8000 || understood.Contains(attribute.Type)) continue; // RFC 8489 §14
            if (count == unknown.Length) break;
            unknown[count++] = (ushort)attribute.Type;
        }

        return count;
    }

    /// <summary>
    /// Walks the attributes that count. What follows an integrity attribute is not covered by it and is skipped, but for
    /// MESSAGE-INTEGRITY-SHA256 and FINGERPRINT (RFC 8489 §14.5, §14.6).
    /// </summary>
    public ref struct AttributeEnumerator
    {
        private readonly ReadOnlySpan<byte> _message;
        private int _next = StunHeader.Length;
        private StunAttributeType _sealedBy;

        internal AttributeEnumerator(ReadOnlySpan<byte> message) => _message = message;

        public StunAttribute Current { get; private set; }

        public bool MoveNext()
        {
            while (_next < _message.Length)
            {
                var header = _message[_next..];
                var type = (StunAttributeType)BinaryPrimitives.ReadUInt16BigEndian(header);
                int length = BinaryPrimitives.ReadUInt16BigEndian(header[2..]);
                int start = _next;
                _next += StunHeader.AttributeLength + StunHeader.Padded(length);
                if (!Counts(type)) continue;

                if (IsSeal(type)) _sealedBy = type;
                Current = new StunAttribute(type, header.Slice(StunHeader.AttributeLength, length), start);
                return true;
            }

            return false;
        }

        private readonly bool Counts(StunAttributeType type) => _sealedBy switch
        {
            default(StunAttributeType) => true,
            StunAttributeType.MessageIntegrity => type is StunAttributeType.MessageIntegritySha256 or StunAttributeType.Fingerprint,
            StunAttributeType.MessageIntegritySha256 => type is StunAttributeType.Fingerprint,
            _ => false,
        };

        private static bool IsSeal(StunAttributeType type) => type
            is StunAttributeType.MessageIntegrity or StunAttributeType.MessageIntegritySha256 or StunAttributeType.Fingerprint;
    }
}
