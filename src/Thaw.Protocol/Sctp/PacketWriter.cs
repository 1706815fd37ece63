using System.Buffers.Binary;

namespace Thaw.Protocol.Sctp;

/// <summary>Writes one packet into the caller's buffer: header, then chunks, then the checksum.</summary>
internal ref struct PacketWriter
{
    private readonly Span<byte> _buffer;
    private int _length;

    public PacketWriter(Span<byte> buffer, SctpOptions options, uint verificationTag)
    {
        _buffer = buffer;
        _length = PacketReader.HeaderLength;
        BinaryPrimitives.WriteUInt16BigEndian(buffer, options.LocalPort);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], options.RemotePort);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], verificationTag);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[PacketReader.ChecksumOffset..], 0);
    }

    public readonly bool IsEmpty => _length == PacketReader.HeaderLength;

    /// <summary>How many bytes of user data one more DATA chunk can carry; negative if it cannot even begin.</summary>
    public readonly int DataRoom => (_buffer.Length & ~3) - _length - ChunkReader.HeaderLength - DataReader.HeaderLength;

    /// <summary>Writes a chunk's header and padding and returns its value, for the caller to fill.</summary>
    public Span<byte> Add(ChunkType type, byte flags, int valueLength)
    {
        int length = ChunkReader.HeaderLength + valueLength;
        var chunk = _buffer.Slice(_length, length + 3 & ~3);
        chunk[0] = (byte)type;
        chunk[1] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(chunk[2..], (ushort)length);
        chunk[length..].Clear();
        _length += chunk.Length;
        return chunk[ChunkReader.HeaderLength..length];
    }

    public void Add(ChunkType type, byte flags, ReadOnlySpan<byte> value) => value.CopyTo(Add(type, flags, value.Length));

    public void AddData(in OutboundChunk chunk)
    {
        var value = Add(ChunkType.Data, (byte)chunk.Flags, DataReader.HeaderLength + chunk.UserData.Length);
        BinaryPrimitives.WriteUInt32BigEndian(value, chunk.Tsn.Value);
        BinaryPrimitives.WriteUInt16BigEndian(value[4..], chunk.Stream);
        BinaryPrimitives.WriteUInt16BigEndian(value[6..], chunk.Ssn);
        BinaryPrimitives.WriteUInt32BigEndian(value[8..], chunk.Ppid);
        chunk.UserData.CopyTo(value[DataReader.HeaderLength..]);
    }

    /// <summary>Fills in the checksum and returns the packet's length.</summary>
    public readonly int Seal()
    {
        var packet = _buffer[.._length];
        BinaryPrimitives.WriteUInt32LittleEndian(packet[PacketReader.ChecksumOffset..], Crc32c.OfPacket(packet));
        return _length;
    }

    /// <summary>Writes one parameter at the start of <paramref name="destination"/> and returns what is left after its padding.</summary>
    public static Span<byte> WriteParameter(Span<byte> destination, ParameterType type, ReadOnlySpan<byte> value)
    {
        int length = ParameterReader.HeaderLength + value.Length;
        int padded = Math.Min(length + 3 & ~3, destination.Length); // a chunk's last parameter is padded by the chunk
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)length);
        value.CopyTo(destination[ParameterReader.HeaderLength..]);
        destination[length..padded].Clear();
        return destination[padded..];
    }
}

/// <summary>One DATA chunk to write.</summary>
internal readonly ref struct OutboundChunk
{
    public required Tsn Tsn { get; init; }
    public required DataFlags Flags { get; init; }
    public required ushort Stream { get; init; }
    public required ushort Ssn { get; init; }
    public required uint Ppid { get; init; }
    public required ReadOnlySpan<byte> UserData { get; init; }
}
