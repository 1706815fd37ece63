namespace Thaw.Protocol.Peer;

public sealed partial class PeerConnection
{
    public void Receive(in Datagram datagram, Instant now)
    {
        if (_lifecycle != Lifecycle.Open) { Drop(datagram.Source, DropReason.Closed); return; }
        if (datagram.Payload.IsEmpty) { Drop(datagram.Source, DropReason.Empty); return; }

        _tally.CountDatagram();

        // RFC 7983 §7: the first byte tells the protocols apart.
        switch (datagram.Payload[0])
        {
            case <= 3: _ice.Receive(datagram, now); break;
            case >= 20 and <= 63: ReceiveDtls(datagram, now); break;
            case >= 128 and <= 191: ReceiveMedia(datagram, now); break;
            default: Drop(datagram.Source, DropReason.UnknownProtocol); break;
        }
    }

    private void ReceiveDtls(in Datagram datagram, Instant now)
    {
        _tally.CountDtls();
        if (!_ice.Accepts(datagram.Source, datagram.Destination)) { Drop(datagram.Source, DropReason.NoRoute); return; }
        if (_dtls is null) { Drop(datagram.Source, DropReason.NoDtlsYet); return; }
        StartDtls(now); // a fast peer's ClientHello can be here before our own check is answered
        _dtls.Receive(datagram.Payload, now);
    }

    private void ReceiveMedia(in Datagram datagram, Instant now)
    {
        if (!_ice.Accepts(datagram.Source, datagram.Destination)) { Drop(datagram.Source, DropReason.NoRoute); return; }
        if (_audio.Receive(datagram.Payload, now) is { } reason) Drop(datagram.Source, reason);
    }

    private void Drop(TransportAddress source, DropReason reason) => _outputs.Enqueue(new Observation.DatagramDropped(source, reason));
}
