namespace Thaw.Protocol.Sctp;

/// <summary>DATA, SACK and FORWARD TSN, receiving.</summary>
public sealed partial class SctpAssociation
{
    private const int PacketsPerSack = 2; // RFC 9260 §6.2

    private bool _hadData;   // in the packet being handled
    private bool _ackNow;    // likewise: the answer may not wait
    private int _packetsToAck;

    private DropReason? OnData(in ChunkReader chunk, Instant now)
    {
        // §6: what comes after the peer's SHUTDOWN is not for us.
        if (_state is State.ShutdownReceived or State.ShutdownAckSent) return DropReason.UnexpectedChunk;
        if (!DataReader.TryRead(chunk, out var data)) return DropReason.Malformed;

        _hadData = true;
        _lastDataAt = now;
        switch (_received.Classify(data.Tsn))
        {
            case Arrival.Duplicate:
                _ackNow = true; // our SACK was lost, or the peer is impatient
                return null;
            case Arrival.TooFar:
                return DropReason.QueueFull;
        }

        switch (_reassembly.Add(data, isNext: data.Tsn == _received.Cumulative.Next))
        {
            case Stored.Full:
                _ackNow = true;
                return DropReason.QueueFull;
            case Stored.MessageTooLarge:
                FailWithAbort(SctpFailure.MessageTooLarge, ErrorCause.ProtocolViolation, $"message longer than {_options.MaxMessageSize} bytes");
                return null;
            case Stored.BufferExceeded:
                FailWithAbort(SctpFailure.OutOfResources, ErrorCause.OutOfResource, "receive buffer exceeded");
                return null;
        }

        bool hadGaps = _received.HasGaps;
        _received.Add(data.Tsn);
        // §6.7: a gap that opens, stays or closes is news.
        _ackNow |= hadGaps || _received.HasGaps || data.Flags.HasFlag(DataFlags.Immediate);
        return null;
    }

    private DropReason? OnForwardTsn(in ChunkReader chunk)
    {
        if (!ForwardTsnReader.TryRead(chunk, out var forward)) return DropReason.Malformed;

        _hadData = _ackNow = true; // RFC 3758 §3.6: answered by a SACK even if it is old
        if (forward.NewCumulative <= _received.Cumulative) return null;
        if (!_received.ForwardTo(forward.NewCumulative)) return DropReason.QueueFull;

        _reassembly.Discard(forward.NewCumulative);
        for (int i = 0; i < forward.StreamCount; i++)
        {
            var (stream, ssn) = forward.Skipped(i);
            _reassembly.Skip(stream, ssn);
        }

        return null;
    }

    private DropReason? OnSack(in ChunkReader chunk, Instant now)
    {
        if (!SackReader.TryRead(chunk, out var sack)) return DropReason.Malformed;
        return OnAcknowledgement(sack, now);
    }

    private DropReason? OnAcknowledgement(in SackReader sack, Instant now)
    {
        if (_outbound.Acknowledge(sack, now) is not { } outcome)
            return sack.Cumulative > _outbound.LastAssigned ? DropReason.Malformed : null; // else merely overtaken

        if (outcome.Progress) _errors = 0;
        if (outcome.SampleSentAt != Instant.Never) _rto.Measure(now - outcome.SampleSentAt);
        else if (outcome.Advanced) _rto.EndBackOff(); // the path lives, though Karn's rule leaves nothing to measure
        if (outcome.FastRetransmits > 0)
            Observe(new Observation.SctpChunksRetransmitted(SctpRetransmission.Fast, outcome.FastRetransmits));

        // §6.3.2 R2, R3.
        if (!_outbound.HasOutstanding) _timers.Stop(Timer.T3);
        else if (outcome.Advanced) _timers.Set(Timer.T3, now + _rto.Current);
        return null;
    }

    private void AfterPacket(Instant now)
    {
        if (!_hadData) return;

        if (_state is State.ShutdownSent)
        {
            _due |= Due.Shutdown | Due.Sack; // §9.2
            _timers.Set(Timer.T2, now + _rto.Current);
        }
        else if (_ackNow || ++_packetsToAck >= PacketsPerSack) _due |= Due.Sack;
        else if (!_timers.IsSet(Timer.Ack)) _timers.Set(Timer.Ack, now + _options.DelayedAck);

        OnStreamsReset(_resets.OnCumulative(_received.Cumulative), answerNow: true);
    }
}
