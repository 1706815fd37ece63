using System.Buffers.Binary;

namespace Thaw.Protocol.Sctp;

/// <summary>RE-CONFIG (RFC 6525).</summary>
public sealed partial class SctpAssociation
{
    private DropReason? OnReConfig(in ChunkReader chunk, Instant now)
    {
        var rest = chunk.Value;
        for (int i = 0; i < 2 && !rest.IsEmpty; i++) // §3.1: one or two parameters
        {
            if (!ParameterReader.TryTake(ref rest, out var parameter)) return DropReason.Malformed;
            if (OnReConfigParameter(parameter, now) is { } reason) return reason;
        }

        return null;
    }

    private DropReason? OnReConfigParameter(in ParameterReader parameter, Instant now)
    {
        var value = parameter.Value;
        if (value.Length < 4) return DropReason.Malformed;
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(value);

        switch (parameter.Type)
        {
            case ParameterType.OutgoingSsnReset:
                if (value.Length < 12) return DropReason.Malformed;
                var lastTsn = new Tsn(BinaryPrimitives.ReadUInt32BigEndian(value[8..]));
                OnStreamsReset(_resets.OnRequest(sequence, lastTsn, ReadStreams(value[12..]), _received.Cumulative), answerNow: false);
                break;

            case ParameterType.IncomingSsnReset:
                ushort[] known = Array.FindAll(ReadStreams(value[4..]), _outbound.Knows);
                if (known.Length == 0) _resets.Answer(sequence, ReconfigResult.NothingToDo);
                else if (_resets.TryAccept(sequence))
                {
                    foreach (ushort stream in known) _resets.Want(stream);
                    return null; // our request is the answer (§5.2.3)
                }

                break;

            case ParameterType.ReconfigResponse:
                if (value.Length < 8) return DropReason.Malformed;
                OnResetResponse(sequence, (ReconfigResult)BinaryPrimitives.ReadUInt32BigEndian(value[4..]), now);
                return null;

            default:
                _resets.Answer(sequence, ReconfigResult.Denied); // resetting TSNs, adding streams: none of it is WebRTC
                break;
        }

        _due |= Due.ReconfigResponse;
        return null;
    }

    private void OnStreamsReset(ushort[] streams, bool answerNow)
    {
        foreach (ushort stream in streams)
        {
            _reassembly.Reset(stream);
            Observe(new Observation.SctpStreamReset(stream, Incoming: true));
            _notices.Enqueue(new SctpEvent.IncomingStreamReset(stream));
        }

        if (answerNow && streams.Length > 0) _due |= Due.ReconfigResponse;
    }

    private void OnResetResponse(uint sequence, ReconfigResult result, Instant now)
    {
        if (result is ReconfigResult.InProgress && sequence == _resets.RequestSequence && _resets.Requested.Length > 0)
        {
            _errors = 0; // the peer is alive and waits for data; the timer asks again
            _rto.EndBackOff();
            _timers.Set(Timer.Reconfig, now + _rto.Current);
            return;
        }

        foreach (ushort stream in _resets.OnResponse(sequence, result))
        {
            _errors = 0;
            _timers.Stop(Timer.Reconfig);
            // A peer that refused still expects the old sequence numbers.
            if (result is ReconfigResult.Performed or ReconfigResult.NothingToDo) _outbound.ResetStream(stream);
            Observe(new Observation.SctpStreamReset(stream, Incoming: false));
            _notices.Enqueue(new SctpEvent.OutgoingStreamReset(stream));
        }
    }

    private void OnReconfigTimer(Instant now)
    {
        if (!CountError()) return;
        _rto.BackOff();
        _due |= Due.ReconfigRequest;
        _timers.Set(Timer.Reconfig, now + _rto.Current);
    }

    private static ushort[] ReadStreams(ReadOnlySpan<byte> list)
    {
        var streams = new ushort[list.Length / 2];
        for (int i = 0; i < streams.Length; i++) streams[i] = BinaryPrimitives.ReadUInt16BigEndian(list[(i * 2)..]);
        return streams;
    }
}
