using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    // One input makes at most one datagram: it waits here for the poll.
    private readonly byte[] _pending = new byte[MaxRelayed + PeerPacket.MaxHeader];
    private int _pendingLength;
    private bool _isPending;
    private bool _pendingDontFragment;
    private TransportAddress _pendingSource;
    private TransportAddress _pendingDestination;

    public void Receive(in Datagram datagram, Instant now)
    {
        if (_isClosed) return;
        if (now >= NextDeadline) Expire(now);
        if (_isPending)
        {
            Counters.Count(RelayDrop.NotDrained);
            return;
        }

        if (_relayed.TryGetValue(datagram.Destination, out var relayed))
        {
            if (TryRelayToClient(relayed, datagram.Source, datagram.Payload.Length, now, out var packet)) Hold(packet, datagram.Payload);
            return;
        }

        var fiveTuple = new FiveTuple(datagram.Source, datagram.Destination);
        if (ChannelData.IsChannelData(datagram.Payload))
        {
            if (TryRelayToPeer(fiveTuple, datagram.Payload, now, out var packet)) Hold(packet);
            return;
        }

        if (StunReader.TryRead(datagram.Payload, out var message) is { } malformed)
        {
            if (malformed is not DropReason.BadCookie || !TryAnswerClassic(datagram, now)) Refuse(datagram.Source, malformed, now);
            return;
        }

        if (message.CheckFingerprint() is StunSeal.Invalid) Refuse(datagram.Source, DropReason.BadFingerprint, now);
        else if (message.Class is StunClass.Request) HandleRequest(message, fiveTuple, now);
        else if (message.Class is StunClass.Indication && message.Method is StunMethod.Send)
        {
            if (TryRelayToPeer(fiveTuple, message, now, out var packet)) Hold(packet);
        }

        // A Binding indication is a keepalive (RFC 8489 §2); a server asks nothing, so answers mean nothing.
    }

    // What is no STUN is noted at the pace at which it would be answered: the next stranger may send a million.
    private void Refuse(TransportAddress source, DropReason reason, Instant now)
    {
        Counters.Count(RelayDrop.Malformed);
        if (_budget.TryTake(source, now, out _)) Note(new Observation.DatagramDropped(source, reason));
    }

    private void Hold(in ClientPacket packet)
    {
        packet.Payload.CopyTo(_pending);
        (_pendingSource, _pendingDestination, _pendingLength) = (packet.Relayed.Local, packet.Peer, packet.Payload.Length);
        _pendingDontFragment = packet.DontFragment;
        _isPending = true;
    }

    private void Hold(in PeerPacket packet, ReadOnlySpan<byte> payload)
    {
        int header = packet.WriteHeader(_pending, _random);
        payload.CopyTo(_pending.AsSpan(header));
        int length = header + payload.Length;
        _pending.AsSpan(length, packet.Padding).Clear(); // never another client's bytes
        (_pendingSource, _pendingDestination, _pendingLength) = (packet.FiveTuple.Server, packet.FiveTuple.Client, length + packet.Padding);
        _pendingDontFragment = false;
        _isPending = true;
    }
}
