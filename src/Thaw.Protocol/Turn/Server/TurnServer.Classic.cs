using System.Buffers.Binary;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>
/// Clients of before the magic cookie (RFC 3489), which still ask what their NAT does: answered where discovery is on, and
/// nowhere else. Their RESPONSE-ADDRESS, which sends the answer to anybody, is not heard.
/// </summary>
public sealed partial class TurnServer
{
    private const ushort ClassicBinding = 0x0001; // RFC 3489 §11.1

    private bool TryAnswerClassic(in Datagram datagram, Instant now)
    {
        if (BehaviourAt(datagram.Destination) is not { } addresses || !TryReadClassic(datagram.Payload, out uint change)) return false;
        if ((change & ChangeAddress) != 0 && !addresses.HasTwoAddresses) return false;

        var transaction = TransactionId.Read(datagram.Payload[8..]);
        var asked = new Asked(new FiveTuple(datagram.Source, datagram.Destination), StunMethod.Binding, transaction, WantsFingerprint: false, WantsSha256: false);
        if (!MayAnswer(asked, now)) return true;

        Counters.Requests++;
        var origin = addresses.Change(datagram.Destination, (change & ChangeAddress) != 0, (change & ChangePort) != 0);
        var writer = Begin(asked, StunClass.SuccessResponse);
        writer.AddAddress(StunAttributeType.MappedAddress, datagram.Source);
        writer.AddAddress(StunAttributeType.SourceAddress, origin);
        if (addresses.HasTwoAddresses) writer.AddAddress(StunAttributeType.ChangedAddress, addresses.Change(datagram.Destination, address: true, port: true));
        Finish(ref writer, asked, identity: null);
        datagram.Payload[4..8].CopyTo(_pending.AsSpan(4)); // the cookie's place is a part of the transaction id
        _pendingSource = origin;
        return true;
    }

    private static bool TryReadClassic(ReadOnlySpan<byte> message, out uint change)
    {
        change = 0;
        if (message.Length < StunHeader.Length || BinaryPrimitives.ReadUInt16BigEndian(message) != ClassicBinding) return false;
        if (BinaryPrimitives.ReadUInt16BigEndian(message[2..]) != message.Length - StunHeader.Length) return false;

        for (var rest = message[StunHeader.Length..]; !rest.IsEmpty;)
        {
            if (rest.Length < StunHeader.AttributeLength) return false;
            var type = (StunAttributeType)BinaryPrimitives.ReadUInt16BigEndian(rest);
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (length % 4 != 0 || StunHeader.AttributeLength + length > rest.Length) return false; // §11.2: multiples of four
            var value = rest.Slice(StunHeader.AttributeLength, length);
            if (type is StunAttributeType.ChangeRequest) { if (!BinaryPrimitives.TryReadUInt32BigEndian(value, out change)) return false; }
            else if ((int)type < 0x8000) return false;
            rest = rest[(StunHeader.AttributeLength + length)..];
        }

        return true;
    }
}
