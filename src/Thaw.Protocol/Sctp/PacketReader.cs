using System.Buffers.Binary;

namespace Thaw.Protocol.Sctp;

/// <summary>An SCTP packet whose checksum is right and whose chunks all lie inside it (RFC 9260 §3).</summary>
internal readonly ref struct PacketReader
{
    public const int HeaderLength = 12;
    public const int ChecksumOffset = 8;

    private readonly ReadOnlySpan<byte> _packet;

    private PacketReader(ReadOnlySpan<byte> packet) => _packet = packet;

    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_packet);
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_packet[2..]);
    public uint VerificationTag => BinaryPrimitives.ReadUInt32BigEndian(_packet[4..]);

    public static DropReason? TryRead(ReadOnlySpan<byte> packet, out PacketReader reader)
    {
        reader = default;
        if (packet.Length < HeaderLength + ChunkReader.HeaderLength) return DropReason.Truncated;

        // RFC 9260 §6.8 transmits the checksum's least significant byte first.
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(packet[ChecksumOffset..]);
        if (checksum != Crc32c.OfPacket(packet)) return DropReason.BadChecksum;

        for (var rest = packet[HeaderLength..]; !rest.IsEmpty;)
            if (!ChunkReader.TryTake(ref rest, out _)) return DropReason.Malformed;

        reader = new PacketReader(packet);
        return null;
    }

    public Enumerator GetEnumerator() => new(_packet[HeaderLength..]);

    public ref struct Enumerator(ReadOnlySpan<byte> chunks)
    {
        private ReadOnlySpan<byte> _rest = chunks;
        private ChunkReader _current;

        public readonly ChunkReader Current => _current;

        public bool MoveNext() => ChunkReader.TryTake(ref _rest, out _current);
    }
}

/// <summary>One chunk: type, flags, length, value (RFC 9260 §3.2).</summary>
internal readonly ref struct ChunkReader
{
    public const int HeaderLength = 4;

    private ChunkReader(ReadOnlySpan<byte> whole) => Whole = whole;

    /// <summary>Header and value, without padding.</summary>
    public ReadOnlySpan<byte> Whole { get; }
    public ChunkType Type => (ChunkType)Whole[0];
    public byte Flags => Whole[1];
    public ReadOnlySpan<byte> Value => Whole[HeaderLength..];

    public static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out ChunkReader chunk)
    {
        chunk = default;
        if (!Tlv.TryTake(ref rest, out var whole)) return false;
        chunk = new ChunkReader(whole);
        return true;
    }
}

/// <summary>One parameter or error cause (RFC 9260 §3.2.1): a 16-bit type where a chunk has type and flags.</summary>
internal readonly ref struct ParameterReader
{
    public const int HeaderLength = 4;

    private ParameterReader(ReadOnlySpan<byte> whole) => Whole = whole;

    public ReadOnlySpan<byte> Whole { get; }
    public ParameterType Type => (ParameterType)BinaryPrimitives.ReadUInt16BigEndian(Whole);
    public ReadOnlySpan<byte> Value => Whole[HeaderLength..];

    public static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out ParameterReader parameter)
    {
        parameter = default;
        if (!Tlv.TryTake(ref rest, out var whole)) return false;
        parameter = new ParameterReader(whole);
        return true;
    }
}

file static class Tlv
{
    /// <summary>Both layouts have their length, without padding, in the third and fourth byte.</summary>
    public static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> whole)
    {
        whole = default;
        if (rest.Length < 4) return false;

        int length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        if (length < 4 || length > rest.Length) return false;

        whole = rest[..length];
        rest = rest[Math.Min(length + 3 & ~3, rest.Length)..]; // the last one's padding may be missing
        return true;
    }
}
