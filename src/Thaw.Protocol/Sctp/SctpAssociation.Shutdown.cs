using System.Buffers.Binary;

namespace Thaw.Protocol.Sctp;

/// <summary>RFC 9260 §9.2.</summary>
public sealed partial class SctpAssociation
{
    private bool _shutdownWanted; // before the handshake was complete

    /// <summary>Ends gracefully: what is queued is delivered first. <see cref="SctpEvent.Ended"/> follows.</summary>
    public void Shutdown(Instant now)
    {
        if (_state < State.Established) _shutdownWanted = true;
        if (_state is not State.Established) return;
        _state = State.ShutdownPending;
        ContinueShutdown(now);
    }

    /// <summary>The next step, once everything queued is acknowledged.</summary>
    private void ContinueShutdown(Instant now)
    {
        if (!_outbound.IsEmpty) return;
        switch (_state)
        {
            case State.ShutdownPending:
                _state = State.ShutdownSent;
                _due |= Due.Shutdown;
                break;
            case State.ShutdownReceived:
                _state = State.ShutdownAckSent;
                _due |= Due.ShutdownAck;
                break;
            default:
                return;
        }

        _timers.Set(Timer.T2, now + _rto.Current);
    }

    private void OnT2(Instant now)
    {
        if (!CountError()) return;
        _rto.BackOff();
        _due |= _state is State.ShutdownSent ? Due.Shutdown : Due.ShutdownAck;
        _timers.Set(Timer.T2, now + _rto.Current);
    }

    private DropReason? OnShutdown(in ChunkReader chunk, Instant now)
    {
        if (chunk.Value.Length != 4) return DropReason.Malformed;
        var cumulative = new Tsn(BinaryPrimitives.ReadUInt32BigEndian(chunk.Value));
        // It says nothing of the peer's window; what is left to send was allowed by an earlier one.
        if (OnAcknowledgement(SackReader.CumulativeOnly(cumulative, uint.MaxValue), now) is { } reason) return reason;

        switch (_state)
        {
            case State.Established or State.ShutdownPending:
                _state = State.ShutdownReceived;
                break;
            case State.ShutdownSent: // both at once
                _state = State.ShutdownAckSent;
                _due |= Due.ShutdownAck;
                _timers.Set(Timer.T2, now + _rto.Current);
                break;
            case State.ShutdownAckSent:
                _due |= Due.ShutdownAck;
                break;
        }

        return null;
    }

    private DropReason? OnShutdownAck()
    {
        if (_state is not (State.ShutdownSent or State.ShutdownAckSent)) return DropReason.UnexpectedChunk;
        _notices.Enqueue(new SctpEvent.Ended());
        End(Due.ShutdownComplete);
        return null;
    }

    private DropReason? OnShutdownComplete()
    {
        if (_state is not State.ShutdownAckSent) return DropReason.UnexpectedChunk;
        _notices.Enqueue(new SctpEvent.Ended());
        End(Due.None);
        return null;
    }
}
