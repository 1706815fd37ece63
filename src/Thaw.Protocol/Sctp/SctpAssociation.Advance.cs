using System.Buffers.Binary;

namespace Thaw.Protocol.Sctp;

/// <summary>What happens when nothing arrives.</summary>
public sealed partial class SctpAssociation
{
    private const int HeartbeatInfoLength = 16;

    private Instant _lastDataAt;
    private byte[] _heartbeatEcho = [];
    private int _heartbeatEchoLength;
    private ulong _heartbeatNonce;
    private Instant _heartbeatSentAt;
    private int _heartbeatsLost;

    public void Advance(Instant now)
    {
        if (_timers.TryTake(Timer.T1, now)) OnT1(now);
        if (_timers.TryTake(Timer.T2, now)) OnT2(now);
        if (_timers.TryTake(Timer.T3, now)) OnT3(now);
        if (_timers.TryTake(Timer.Ack, now)) _due |= Due.Sack;
        if (_timers.TryTake(Timer.Reconfig, now)) OnReconfigTimer(now);
        if (_timers.TryTake(Timer.Heartbeat, now)) OnHeartbeatTimer(now);
        if (_timers.TryTake(Timer.HeartbeatAck, now)) OnHeartbeatLost(now);
    }

    /// <summary>RFC 9260 §6.3.3.</summary>
    private void OnT3(Instant now)
    {
        if (!IsUp || !_outbound.HasOutstanding || !CountError()) return;

        _rto.BackOff();
        int lost = _outbound.OnTimeout(now);
        if (lost > 0) Observe(new Observation.SctpChunksRetransmitted(SctpRetransmission.Timeout, lost));
        if (_outbound.HasOutstanding) _timers.Set(Timer.T3, now + _rto.Current);
    }

    /// <summary>§8.3: a path that carries data needs no heartbeat.</summary>
    private void OnHeartbeatTimer(Instant now)
    {
        var idleUntil = _lastDataAt + _options.HeartbeatInterval;
        if (_timers.IsSet(Timer.T3) || idleUntil > now)
        {
            _timers.Set(Timer.Heartbeat, idleUntil > now ? idleUntil : now + _options.HeartbeatInterval);
            return;
        }

        SendHeartbeat(now);
    }

    private void SendHeartbeat(Instant now)
    {
        Span<byte> nonce = stackalloc byte[sizeof(ulong)];
        _random.GetBytes(nonce);
        _heartbeatNonce = BinaryPrimitives.ReadUInt64BigEndian(nonce);
        _heartbeatSentAt = now;
        _due |= Due.Heartbeat;
        _timers.Set(Timer.HeartbeatAck, now + _rto.Current);
    }

    /// <summary>Asked again at once, not after another interval: an unreachable peer is noticed within a minute.</summary>
    private void OnHeartbeatLost(Instant now)
    {
        Observe(new Observation.SctpHeartbeatLost(++_heartbeatsLost));
        if (!CountError()) return;
        _rto.BackOff();
        SendHeartbeat(now);
    }

    private DropReason? OnHeartbeatAck(in ChunkReader chunk, Instant now)
    {
        var rest = chunk.Value;
        if (!ParameterReader.TryTake(ref rest, out var info) || info.Value.Length != HeartbeatInfoLength - ParameterReader.HeaderLength)
            return DropReason.Malformed;
        if (!_timers.IsSet(Timer.HeartbeatAck) || BinaryPrimitives.ReadUInt64BigEndian(info.Value) != _heartbeatNonce)
            return DropReason.UnknownTransaction;

        _errors = _heartbeatsLost = 0;
        _rto.Measure(now - _heartbeatSentAt);
        _timers.Stop(Timer.HeartbeatAck);
        _timers.Set(Timer.Heartbeat, now + _options.HeartbeatInterval);
        return null;
    }

    /// <summary>§8.1. False if that was one too many: the association has failed.</summary>
    private bool CountError()
    {
        if (++_errors <= _options.MaxRetransmissions) return true;
        Fail(SctpFailure.PeerUnreachable, $"{_errors} retransmissions in a row were not answered");
        return false;
    }
}
