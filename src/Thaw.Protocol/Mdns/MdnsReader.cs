using System.Buffers.Binary;

namespace Thaw.Protocol.Mdns;

/// <summary>A DNS message over the bytes that it came in (RFC 1035 §4, RFC 6762 §18): if you hold one, it is well formed.</summary>
internal readonly ref struct MdnsReader
{
    private readonly ReadOnlySpan<byte> _message;
    private readonly int _firstRecord;
    private readonly int _records;

    private MdnsReader(ReadOnlySpan<byte> message, int firstRecord, int records)
    {
        _message = message;
        _firstRecord = firstRecord;
        _records = records;
    }

    public bool IsResponse => (Flags(_message) & DnsHeader.Response) != 0;

    /// <summary>Returns why the bytes are refused, or null and a reader that cannot go wrong.</summary>
    public static DropReason? TryRead(ReadOnlySpan<byte> datagram, out MdnsReader message)
    {
        message = default;
        if (datagram.Length < DnsHeader.Length) return DropReason.Truncated;
        if ((Flags(datagram) & DnsHeader.OtherThanQuery) != 0) return DropReason.UnknownProtocol;

        int offset = DnsHeader.Length;
        for (int left = Count(datagram, 4); left > 0; left--)
        {
            if (!DnsName.TrySkip(datagram, ref offset)) return DropReason.Malformed;
            if ((offset += 4) > datagram.Length) return DropReason.Truncated;
        }

        int firstRecord = offset;
        int records = Count(datagram, 6) + Count(datagram, 8) + Count(datagram, 10);
        for (int left = records; left > 0; left--)
            if (!MdnsRecord.TryTake(datagram, ref offset, out _)) return DropReason.Malformed;

        message = new MdnsReader(datagram, firstRecord, records); // what follows the last record is nobody's
        return null;
    }

    public Enumerator GetEnumerator() => new(_message, _firstRecord, _records);

    private static int Flags(ReadOnlySpan<byte> message) => Count(message, 2);

    private static int Count(ReadOnlySpan<byte> message, int offset) => BinaryPrimitives.ReadUInt16BigEndian(message[offset..]);

    public ref struct Enumerator(ReadOnlySpan<byte> message, int offset, int left)
    {
        private readonly ReadOnlySpan<byte> _message = message;
        private int _offset = offset;
        private int _left = left;
        private MdnsRecord _current;

        public readonly MdnsRecord Current => _current;

        public bool MoveNext() => _left-- > 0 && MdnsRecord.TryTake(_message, ref _offset, out _current);
    }
}

/// <summary>One resource record (RFC 1035 §4.1.3) of any section.</summary>
internal readonly ref struct MdnsRecord
{
    private readonly ReadOnlySpan<byte> _message;
    private readonly int _name;
    private readonly ReadOnlySpan<byte> _data;

    private MdnsRecord(ReadOnlySpan<byte> message, int name, int fixedPart, ReadOnlySpan<byte> data)
    {
        _message = message;
        _name = name;
        _data = data;
        Type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[fixedPart..]);
        Class = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(message[(fixedPart + 2)..]) & ~DnsClass.TopBit);
        uint seconds = BinaryPrimitives.ReadUInt32BigEndian(message[(fixedPart + 4)..]);
        TimeToLive = TimeSpan.FromSeconds(seconds > int.MaxValue ? 0 : seconds); // RFC 2181 §8
    }

    public DnsType Type { get; }

    public ushort Class { get; }

    /// <summary>Zero is a goodbye (RFC 6762 §10.1).</summary>
    public TimeSpan TimeToLive { get; }

    public bool IsNamed(ReadOnlySpan<char> name) => DnsName.Equals(_message, _name, name);

    /// <summary>False where it is not an address record of its length.</summary>
    public bool TryReadAddress(out TransportAddress address)
    {
        address = default;
        if (Class != DnsClass.Internet) return false;
        if (Type is DnsType.A && _data.Length == 4) address = TransportAddress.FromIPv4(_data, 0);
        else if (Type is DnsType.Aaaa && _data.Length == 16) address = TransportAddress.FromIPv6(_data, 0);
        else return false;
        return true;
    }

    public static bool TryTake(ReadOnlySpan<byte> message, scoped ref int offset, out MdnsRecord record)
    {
        record = default;
        int name = offset;
        if (!DnsName.TrySkip(message, ref offset) || offset + 10 > message.Length) return false;
        int fixedPart = offset;
        int length = BinaryPrimitives.ReadUInt16BigEndian(message[(offset + 8)..]);
        offset += 10;
        if (offset + length > message.Length) return false;
        record = new MdnsRecord(message, name, fixedPart, message.Slice(offset, length));
        offset += length;
        return true;
    }
}
