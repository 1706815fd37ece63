using System.Buffers.Binary;
using Thaw.Protocol.Sctp;

namespace Thaw.Tests.Sctp;

/// <summary>Reads packets for assertions and makes packets that an honest peer would not.</summary>
internal static class Packets
{
    internal sealed record Chunk(ChunkType Type, byte Flags, byte[] Value)
    {
        public uint UInt32(int at) => BinaryPrimitives.ReadUInt32BigEndian(Value.AsSpan(at));
        public ushort UInt16(int at) => BinaryPrimitives.ReadUInt16BigEndian(Value.AsSpan(at));
    }

    public static List<Chunk> Chunks(byte[] packet)
    {
        var chunks = new List<Chunk>();
        if (PacketReader.TryRead(packet, out var reader) is { } reason) throw new InvalidOperationException(reason.ToString());
        foreach (var chunk in reader) chunks.Add(new(chunk.Type, chunk.Flags, chunk.Value.ToArray()));
        return chunks;
    }

    public static bool Has(byte[] packet, ChunkType type) => Chunks(packet).Any(c => c.Type == type);

    /// <summary>The tag of packets from one end, as seen on the wire after the handshake.</summary>
    public static uint TagFrom(this SctpLink link, int end)
        => BinaryPrimitives.ReadUInt32BigEndian(link.Wire.Last(w => w.From == end).Packet.AsSpan(4));

    public static IEnumerable<(Protocol.Instant At, Chunk Chunk)> Sent(this SctpLink link, int from, ChunkType type)
        => from sent in link.Wire
           where sent.From == @from
           from chunk in Chunks(sent.Packet)
           where chunk.Type == type
           select (sent.At, chunk);

    public static byte[] Make(uint tag, params Chunk[] chunks)
    {
        byte[] buffer = new byte[4096];
        var writer = new PacketWriter(buffer, new SctpOptions(), tag);
        foreach (var chunk in chunks) writer.Add(chunk.Type, chunk.Flags, chunk.Value);
        return buffer[..writer.Seal()];
    }

    public static Chunk Data(uint tsn, byte[] data, ushort stream = 0, ushort ssn = 0, DataFlags flags = DataFlags.Begin | DataFlags.End)
        => new(ChunkType.Data, (byte)flags, [.. U32(tsn), .. U16(stream), .. U16(ssn), .. U32(53), .. data]);

    public static Chunk Sack(uint cumulative, uint window, params (ushort First, ushort Last)[] gaps)
        => new(ChunkType.Sack, 0, [.. U32(cumulative), .. U32(window), .. U16((ushort)gaps.Length), .. U16(0),
            .. gaps.SelectMany(g => (byte[])[.. U16(g.First), .. U16(g.Last)])]);

    public static void FixChecksum(Span<byte> packet)
    {
        if (packet.Length < PacketReader.HeaderLength) return;
        BinaryPrimitives.WriteUInt32LittleEndian(packet[PacketReader.ChecksumOffset..], Crc32c.OfPacket(packet));
    }

    public static byte[] U32(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
    public static byte[] U16(ushort value) => [(byte)(value >> 8), (byte)value];
}
