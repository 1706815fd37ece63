using System.Buffers.Binary;

namespace Thaw.Dtls;

/// <summary>One DTLS record's plaintext header (RFC 6347 §4.1), and its handshake header while that is plaintext.</summary>
internal readonly ref struct DtlsRecord(ReadOnlySpan<byte> bytes)
{
    public const int HeaderLength = 13;
    private const int HandshakeHeaderLength = 12; // RFC 6347 §4.2.2

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public byte ContentType => _bytes[0];
    public ushort Epoch => BinaryPrimitives.ReadUInt16BigEndian(_bytes[3..]);

    /// <summary>A handshake message or fragment that anyone can read.</summary>
    public bool IsPlainHandshake
        => ContentType == DtlsContentType.Handshake && Epoch == 0 && _bytes.Length >= HeaderLength + HandshakeHeaderLength;

    public byte MessageType => _bytes[HeaderLength];
    public int MessageLength => ReadUInt24(HeaderLength + 1);
    public ushort MessageSequence => BinaryPrimitives.ReadUInt16BigEndian(_bytes[(HeaderLength + 4)..]);
    public bool IsWholeMessage => ReadUInt24(HeaderLength + 6) == 0 && ReadUInt24(HeaderLength + 9) == MessageLength;
    public bool EndsMessage => ReadUInt24(HeaderLength + 6) + ReadUInt24(HeaderLength + 9) >= MessageLength;

    private int ReadUInt24(int at) => _bytes[at] << 16 | _bytes[at + 1] << 8 | _bytes[at + 2];
}

internal static class DtlsContentType // RFC 5246 §6.2.1
{
    public const byte ChangeCipherSpec = 20;
    public const byte Alert = 21;
    public const byte Handshake = 22;
    public const byte ApplicationData = 23;
}

/// <summary>Walks the records of one datagram and stops, without a word, at the first that is not well formed.</summary>
internal ref struct DtlsRecords(ReadOnlySpan<byte> datagram)
{
    private const int GcmOverhead = 8 + 16; // RFC 5288 §3: explicit nonce and tag

    private readonly ReadOnlySpan<byte> _datagram = datagram;

    /// <summary>Bytes of the records read so far.</summary>
    public int Length { get; private set; }

    public DtlsRecord Current { get; private set; }

    public readonly DtlsRecords GetEnumerator() => this;

    public bool MoveNext()
    {
        var rest = _datagram[Length..];
        if (rest.Length < DtlsRecord.HeaderLength) return false;
        if (rest[0] is < DtlsContentType.ChangeCipherSpec or > DtlsContentType.ApplicationData) return false;
        if (rest[1] != 0xFE) return false; // DTLS 1.0 is 0xFEFF, 1.2 is 0xFEFD

        int length = BinaryPrimitives.ReadUInt16BigEndian(rest[11..]);
        if (DtlsRecord.HeaderLength + length > rest.Length) return false;

        var record = new DtlsRecord(rest[..(DtlsRecord.HeaderLength + length)]);
        // BouncyCastle takes a protected record that is too short to hold nonce and tag as a fatal error; RFC 6347
        // §4.1.2.7 wants invalid records discarded, and anyone who can spoof the address can send this one.
        if (record.Epoch > 0 && length < GcmOverhead) return false;

        Current = record;
        Length += DtlsRecord.HeaderLength + length;
        return true;
    }

    /// <summary>How many leading bytes of <paramref name="datagram"/> are well-formed records.</summary>
    public static int WellFormedLength(ReadOnlySpan<byte> datagram)
    {
        var records = new DtlsRecords(datagram);
        while (records.MoveNext()) { }
        return records.Length;
    }
}
