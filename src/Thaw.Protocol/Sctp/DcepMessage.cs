using System.Buffers.Binary;
using System.Text;

namespace Thaw.Protocol.Sctp;

/// <summary>The Data Channel Establishment Protocol's two messages (RFC 8832 §5).</summary>
internal static class DcepMessage
{
    private const byte OpenType = 3;
    private const byte AckType = 2;
    private const int OpenFixedLength = 12;
    private const byte UnorderedBit = 0x80;
    private const byte MaxRetransmitsType = 1;
    private const byte LifetimeType = 2;

    /// <summary>RFC 8832 §5.2.</summary>
    public static ReadOnlySpan<byte> Ack => [AckType];

    public static bool IsAck(ReadOnlySpan<byte> message) => message is [AckType, ..];

    /// <summary>RFC 8832 §5.1.</summary>
    public static byte[] Open(string label, string protocol, ChannelReliability reliability)
    {
        int labelLength = Encoding.UTF8.GetByteCount(label), protocolLength = Encoding.UTF8.GetByteCount(protocol);
        byte[] message = new byte[OpenFixedLength + labelLength + protocolLength];
        var (type, parameter) = reliability switch
        {
            { MaxRetransmits: { } count } => (MaxRetransmitsType, (uint)count),
            { Lifetime: { } lifetime } => (LifetimeType, (uint)lifetime.TotalMilliseconds),
            _ => ((byte)0, 0u),
        };
        message[0] = OpenType;
        message[1] = (byte)(reliability.Unordered ? type | UnorderedBit : type);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), 0x0100); // priority: normal (RFC 8831 §6.4)
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(4), parameter);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(8), checked((ushort)labelLength));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(10), checked((ushort)protocolLength));
        Encoding.UTF8.GetBytes(label, message.AsSpan(OpenFixedLength));
        Encoding.UTF8.GetBytes(protocol, message.AsSpan(OpenFixedLength + labelLength));
        return message;
    }

    public static bool TryReadOpen(
        ReadOnlySpan<byte> message, out string label, out string protocol, out ChannelReliability reliability)
    {
        label = protocol = "";
        reliability = default;
        if (message.Length < OpenFixedLength || message[0] != OpenType) return false;

        int labelLength = BinaryPrimitives.ReadUInt16BigEndian(message[8..]);
        int protocolLength = BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        if (message.Length < OpenFixedLength + labelLength + protocolLength) return false;

        label = Encoding.UTF8.GetString(message.Slice(OpenFixedLength, labelLength));
        protocol = Encoding.UTF8.GetString(message.Slice(OpenFixedLength + labelLength, protocolLength));
        reliability = ReadReliability(message[1], BinaryPrimitives.ReadUInt32BigEndian(message[4..]));
        return true;
    }

    /// <summary>A type that we do not know is served reliably.</summary>
    private static ChannelReliability ReadReliability(byte type, uint parameter)
    {
        bool unordered = (type & UnorderedBit) != 0;
        return (type & ~UnorderedBit) switch
        {
            MaxRetransmitsType => new(unordered, MaxRetransmits: (int)Math.Min(parameter, int.MaxValue)),
            LifetimeType => new(unordered, Lifetime: TimeSpan.FromMilliseconds(parameter)),
            _ => new(unordered),
        };
    }
}
