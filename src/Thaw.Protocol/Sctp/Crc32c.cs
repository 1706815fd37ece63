using System.Buffers.Binary;
using System.Numerics;

namespace Thaw.Protocol.Sctp;

/// <summary>CRC-32C (RFC 9260 Appendix A). <see cref="BitOperations"/> uses the processor's instruction where it has one.</summary>
internal static class Crc32c
{
    public static uint Of(ReadOnlySpan<byte> data) => ~Append(uint.MaxValue, data);

    /// <summary>A packet's checksum: computed as if the checksum field were zero (RFC 9260 §6.8).</summary>
    public static uint OfPacket(ReadOnlySpan<byte> packet)
    {
        uint crc = Append(uint.MaxValue, packet[..PacketReader.ChecksumOffset]);
        crc = BitOperations.Crc32C(crc, 0u);
        return ~Append(crc, packet[PacketReader.HeaderLength..]);
    }

    private static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (byte value in data) crc = BitOperations.Crc32C(crc, value);
        return crc;
    }
}
