using Thaw.Protocol.Dtls;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Sctp;

namespace Thaw.Protocol.Peer;

public sealed partial class PeerConnection
{
    private const int MaxRecord = 1200; // IDtlsEngine.Send's limit

    public Output Poll(Span<byte> buffer, Instant now)
    {
        var output = Next(buffer, now);
        if (output.Kind is OutputKind.Observation) Watch((Observation)output.Value!, now);
        return output;
    }

    private Output Next(Span<byte> buffer, Instant now)
    {
        while (true)
        {
            if (_outputs.TryDequeue(out object? value))
                return value is Observation seen ? Output.Observation(seen) : Output.Event(value);
            if (_lifecycle == Lifecycle.Closed) return Output.Idle(Instant.Never);

            // Top to bottom is the order in which a child's output can cause another's: media first, it waits for nobody.
            if (TryPollMedia(buffer, now, out var media)) return media;

            var ice = _ice.Poll(buffer, now);
            if (ice.Kind is OutputKind.Transmit or OutputKind.Observation) return ice;
            if (ice.Kind is OutputKind.Event) { On((IceEvent)ice.Value!, now); continue; }

            var wakeAt = Instant.Earlier(ice.WakeAt, _timers.Next);
            wakeAt = Instant.Earlier(wakeAt, _audio.WakeAt);
            StartDtlsOnFirstPath(now);

            if (_channels is not null)
            {
                var sctp = _channels.Poll(buffer, now);
                if (sctp.Kind is OutputKind.Observation) return sctp;
                if (sctp.Kind is OutputKind.Transmit)
                {
                    // Longer is only the echo of a cookie that no peer of ours makes; it is not sent, and the deadline ends it.
                    if (sctp.Payload.Length <= MaxRecord) _dtls!.Send(sctp.Payload, now);
                    continue;
                }

                if (sctp.Kind is OutputKind.Event) { On((DataChannelEvent)sctp.Value!, now); continue; }
                wakeAt = Instant.Earlier(wakeAt, sctp.WakeAt);
            }

            if (_isDtlsCloseDue) // after the data channel's last words
            {
                _isDtlsCloseDue = false;
                _dtls?.Close(now);
            }

            if (_dtls is not null && _ice.Usable is { } path)
            {
                var dtls = _dtls.Poll(buffer, now);
                if (dtls.Kind is OutputKind.Observation) return dtls;
                if (dtls.Kind is OutputKind.Event) { On((DtlsEvent)dtls.Value!, now); continue; }
                if (dtls.Kind is OutputKind.Data) { _channels?.Receive(dtls.Payload, now); continue; }
                if (dtls.Kind is OutputKind.Transmit)
                {
                    if (!_ice.MaySend) continue; // RFC 7675 §5.1: silence without consent; DTLS and SCTP retransmit later
                    return Output.Transmit(path.Local.Base, path.Remote.Address, dtls.Payload);
                }

                wakeAt = Instant.Earlier(wakeAt, dtls.WakeAt);
            }

            if (_lifecycle != Lifecycle.Closing) return Output.Idle(wakeAt);
            End(_last); // the goodbye is out
        }
    }

    private bool TryPollMedia(Span<byte> buffer, Instant now, out Output output)
    {
        output = default;
        if (_audio.TryTakeObservation(out var seen)) { output = Output.Observation(seen); return true; }
        if (_audio.TryTakeReceived(out output)) return true;
        if (!_audio.TryTakeOutgoing(buffer, now, out int length)) return false;
        if (!_ice.MaySend || _ice.Usable is not { } path) return false; // lost, as on any network
        output = Output.Transmit(path.Local.Base, path.Remote.Address, buffer[..length]);
        return true;
    }

    private void StartDtlsOnFirstPath(Instant now)
    {
        if (_ice.Usable is null) return;
        PathFound();
        StartDtls(now);
    }

    private void StartDtls(Instant now)
    {
        if (_isDtlsStarted || _dtls is null) return;
        _isDtlsStarted = true;
        _dtls.Start(now);
    }

    private void On(IceEvent happened, Instant now)
    {
        switch (happened)
        {
            case IceEvent.PairSelected pair:
                _timers.Stop(Timer.Recovery);
                _channels?.PathChanged(now);
                _outputs.Enqueue(new PeerEvent.PathSelected(pair.Local, pair.Remote));
                break;
            case IceEvent.ConsentLost:
                _tally.Clear();
                _attemptBegan = now;
                _timers.Set(Timer.Recovery, now + Budget.Recovery);
                _outputs.Enqueue(new PeerEvent.PathLost());
                break;
            case IceEvent.ConsentRegained:
                _timers.Stop(Timer.Recovery);
                _channels?.PathChanged(now);
                break;
            case IceEvent.ChecksFailed:
                if (!_ice.MaySend) Fail(PeerFailure.ChecksTimedOut, "every candidate pair failed", now); // else a restart in vain
                break;
        }
    }

    private void On(DtlsEvent happened, Instant now)
    {
        switch (happened)
        {
            case DtlsEvent.Connected connected:
                _isEncrypted = true;
                _audio.Start(connected.Keys);
                AwaitMedia(now);
                if (_channels is null) AttemptSucceeded();
                ConnectChannels(now);
                _outputs.Enqueue(new PeerEvent.Connected());
                break;
            case DtlsEvent.Failed { Reason: DtlsFailure.HandshakeTimeout } failed:
                Fail(PeerFailure.DtlsTimedOut, failed.Detail, now);
                break;
            case DtlsEvent.Failed failed:
                Fail(PeerFailure.DtlsFailed, failed.Detail, now);
                break;
            case DtlsEvent.Closed:
                PeerLeft();
                break;
        }
    }

    private void ConnectChannels(Instant now)
    {
        if (_channels is null) return;
        _channels.Connect(now);
        AwaitChannel(now);
    }

    private void On(DataChannelEvent happened, Instant now)
    {
        switch (happened)
        {
            case DataChannelEvent.Opened opened:
                AttemptSucceeded();
                _outputs.Enqueue(new PeerEvent.ChannelOpened(opened.Stream, opened.Label, opened.Protocol));
                break;
            case DataChannelEvent.Message message:
                _outputs.Enqueue(new PeerEvent.ChannelMessage(message.Stream, message.IsText, message.Data));
                break;
            case DataChannelEvent.Closed closed:
                _outputs.Enqueue(new PeerEvent.ChannelClosed(closed.Stream));
                break;
            case DataChannelEvent.Failed { Reason: SctpFailure.AbortedByPeer } or DataChannelEvent.Ended:
                PeerLeft(); // how a browser's pc.close() reaches us
                break;
            case DataChannelEvent.Failed failed:
                Fail(PeerFailure.SctpFailed, failed.Detail, now);
                break;
        }
    }
}
