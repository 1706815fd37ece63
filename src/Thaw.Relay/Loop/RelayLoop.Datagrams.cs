using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Udp;

namespace Thaw.Relay.Loop;

internal sealed partial class RelayLoop
{
    private void Arrived(EdgeSocket socket, TransportAddress source, Span<byte> room, int length)
    {
        if (_turn != _edge.Turns) (_turn, _now) = (_edge.Turns, _clock.Now);
        if (socket.Relayed is { } relayed)
        {
            FromPeer(relayed, source, room, length);
            return;
        }

        var payload = room.Slice(DatagramRoom.Before, length);
        if (_forwards && TryForward(new FiveTuple(source, socket.Local), payload)) return;
        if (socket.IsDtls) HearDtls(socket, source, payload);
        else if (ChannelData.IsChannelData(payload)) FromClientOnChannel(new FiveTuple(source, socket.Local), payload);
        else Hear(source, socket.Local, payload);
    }

    private void FromClientOnChannel(FiveTuple fiveTuple, ReadOnlySpan<byte> message)
    {
        if (Server.TryRelayToPeer(fiveTuple, message, _now, out var packet) && _relays.TryGetValue(packet.Relayed.Handle, out var relay))
            _edge.Send(relay, packet.Peer, packet.Payload);
    }

    // The header goes into the room before the payload, which stays where it came to lie.
    private void FromPeer(RelayedTransportAddress relayed, TransportAddress source, Span<byte> room, int length)
    {
        if (!Server.TryRelayToClient(relayed, source, length, _now, out var packet)) return;

        int header = packet.HeaderLength, padding = packet.Padding, start = DatagramRoom.Before - header;
        packet.WriteHeader(room[start..DatagramRoom.Before], _random);
        room.Slice(DatagramRoom.Before + length, padding).Clear();
        SendToClient(packet.FiveTuple, room.Slice(start, header + length + padding));
    }

    private void Undelivered(EdgeSocket socket, TransportAddress peer, byte type, byte code, uint data)
    {
        if (socket.Relayed is not { } relayed) return;
        Server.Undelivered(relayed, peer, type, code, data, _clock.Now);
        DrainServer();
    }

    private void SendToClient(FiveTuple fiveTuple, ReadOnlySpan<byte> message)
    {
        if (fiveTuple.Client.Protocol is TransportProtocol.Tcp)
        {
            if (_streams.TryGetValue(fiveTuple, out var stream)) stream.Send(message);
        }
        else if (_listeners.TryGetValue(fiveTuple.Server, out var listener))
        {
            _edge.Send(listener, fiveTuple.Client, message);
        }
        else
        {
            _dtls?.Send(fiveTuple, message, _now);
        }
    }

    private void Hear(TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> message)
    {
        Server.Receive(new Datagram(source, destination, message), _now);
        DrainServer();
    }

    /// <summary>One input, then poll until Idle.</summary>
    private void DrainServer()
    {
        while (true)
        {
            var output = Server.Poll(_buffer, _now);
            switch (output.Kind)
            {
                case OutputKind.Idle:
                    _wakeAt = output.WakeAt;
                    return;
                case OutputKind.Transmit:
                    if (Server.FindRelayed(output.Source) is not { } relayed) SendToClient(new FiveTuple(output.Destination, output.Source), output.Payload);
                    else if (_relays.TryGetValue(relayed.Handle, out var relay)) _edge.Send(relay, output.Destination, output.Payload, output.DontFragment);
                    break;
                case OutputKind.Observation:
                    _options.Observed?.Invoke((Observation)output.Value!);
                    break;
                case OutputKind.Event:
                    Perform((TurnServerEvent)output.Value!);
                    break;
            }
        }
    }
}
