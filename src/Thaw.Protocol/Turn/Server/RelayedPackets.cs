using System.Buffers.Binary;
using System.Security.Cryptography;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>What a client sends to a peer: the payload is a part of the message that came, nothing was copied.</summary>
public readonly ref struct ClientPacket
{
    /// <summary>Send from here.</summary>
    public RelayedTransportAddress Relayed { get; internal init; }

    public TransportAddress Peer { get; internal init; }

    public ReadOnlySpan<byte> Payload { get; internal init; }

    /// <summary>RFC 8656 §14.8; hosts that cannot set the bit send without it.</summary>
    public bool DontFragment { get; internal init; }
}

/// <summary>
/// What a peer sends to a client: a header to put in front of the payload, and padding behind it. A host that received
/// with <see cref="MaxHeader"/> bytes of room in front sends it from where it lies.
/// </summary>
public readonly ref struct PeerPacket
{
    // A Data indication's header, XOR-PEER-ADDRESS with an IPv6 address, and DATA's own header (RFC 8656 §11.3).
    public const int MaxHeader = 20 + 4 + 20 + 4;

    private const int DataHeader = 4;

    public FiveTuple FiveTuple { get; internal init; }

    /// <summary>0: no channel is bound, and it goes as a Data indication.</summary>
    public ushort Channel { get; internal init; }

    internal TransportAddress From { get; init; }

    internal int PayloadLength { get; init; }

    public int HeaderLength => Channel != 0 ? ChannelData.HeaderLength : 20 + 4 + 4 + From.AddressLength + DataHeader;

    /// <summary>Zero bytes to send behind the payload.</summary>
    public int Padding => Channel != 0 && FiveTuple.Client.Protocol is TransportProtocol.Udp ? 0 : -PayloadLength & 3;

    /// <summary>Writes the header at the beginning of <paramref name="destination"/>; returns <see cref="HeaderLength"/>.</summary>
    public int WriteHeader(Span<byte> destination, RandomNumberGenerator random)
    {
        if (Channel != 0)
        {
            ChannelData.WriteHeader(destination, Channel, PayloadLength);
            return ChannelData.HeaderLength;
        }

        var writer = new StunWriter(destination, StunMethod.Data, StunClass.Indication, TransactionId.Next(random));
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, From);
        int length = writer.Finish().Length;
        BinaryPrimitives.WriteUInt16BigEndian(destination[length..], (ushort)StunAttributeType.Data);
        BinaryPrimitives.WriteUInt16BigEndian(destination[(length + 2)..], (ushort)PayloadLength);
        length += DataHeader;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)(length - 20 + PayloadLength + Padding));
        return length;
    }
}
