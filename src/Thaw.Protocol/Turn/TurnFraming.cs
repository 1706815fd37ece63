using System.Buffers.Binary;

namespace Thaw.Protocol.Turn;

/// <summary>Where a STUN message or ChannelData ends in a byte stream: both say so themselves (RFC 8489 §6.2.2, RFC 8656 §12.5).</summary>
public static class TurnFraming
{
    /// <summary>Bytes that <see cref="TryMeasure"/> needs to see.</summary>
    public const int HeaderLength = 4;

    private const int StunHeaderLength = 20; // RFC 8489 §5

    /// <summary>The length of the first message, padding included; needs <see cref="HeaderLength"/> bytes.</summary>
    /// <returns>False where the stream holds neither: it cannot be followed any further.</returns>
    public static bool TryMeasure(ReadOnlySpan<byte> stream, out int length)
    {
        int said = BinaryPrimitives.ReadUInt16BigEndian(stream[2..]);
        bool isChannelData = ChannelData.IsChannelData(stream);
        length = isChannelData ? ChannelData.Length(said, TransportProtocol.Tcp) : StunHeaderLength + said;
        return isChannelData || (stream[0] <= 3 && said % 4 == 0);
    }
}
