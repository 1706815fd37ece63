using System.Buffers.Binary;

namespace Thaw.Protocol.Turn;

/// <summary>The short form of relayed data (RFC 8656 §12.4): channel number, length, bytes.</summary>
public static class ChannelData
{
    public const int HeaderLength = 4;

    /// <summary>Channel numbers begin with 01 in the first two bits, STUN messages with 00 (RFC 8656 §12).</summary>
    public static bool IsChannelData(ReadOnlySpan<byte> message) => message is [>= 0x40 and <= 0x7F, ..];

    /// <summary>
    /// Reads one message. What follows the data is padding: required over TCP and TLS, allowed over UDP (RFC 8656 §12.5).
    /// </summary>
    public static DropReason? TryRead(ReadOnlySpan<byte> message, out ushort channel, out ReadOnlySpan<byte> data)
    {
        channel = 0;
        data = default;
        if (message.Length < HeaderLength) return DropReason.Truncated;
        if (!IsChannelData(message)) return DropReason.Malformed;

        int length = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if (length > message.Length - HeaderLength) return DropReason.LengthMismatch;
        channel = BinaryPrimitives.ReadUInt16BigEndian(message);
        data = message.Slice(HeaderLength, length);
        return null;
    }

    /// <summary>Writes the header in front of data that stands at <see cref="HeaderLength"/> already.</summary>
    public static void WriteHeader(Span<byte> message, ushort channel, int dataLength)
    {
        BinaryPrimitives.WriteUInt16BigEndian(message, channel);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], (ushort)dataLength);
    }

    /// <summary>Bytes of header, data and, where the transport is a stream, padding to four (RFC 8656 §12.5).</summary>
    public static int Length(int dataLength, TransportProtocol protocol)
        => protocol is TransportProtocol.Tcp ? HeaderLength + (dataLength + 3 & ~3) : HeaderLength + dataLength;
}
