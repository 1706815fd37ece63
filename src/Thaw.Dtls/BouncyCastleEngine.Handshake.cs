using Org.BouncyCastle.Tls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Dtls;

public sealed partial class BouncyCastleEngine
{
    // RFC 6347 §4.2.4.1 suggests 1 s; a voice call cannot wait that long and browsers start at 50 ms too.
    private static readonly TimeSpan FirstRetransmit = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastRetransmit = TimeSpan.FromMilliseconds(800);

    // A peer that repeats itself has lost our flight: answer before our own timer, but not each duplicate.
    private static readonly TimeSpan AnswerRepeatAfter = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan IgnoreRepeatsFor = FirstRetransmit / 2;

    private static readonly TimeSpan AdmissionRetry = TimeSpan.FromMilliseconds(20);
    private const int MaxWaiting = 4; // a post-quantum ClientHello and its first repetition

    private readonly Queue<byte[]> _waiting = new();
    private bool _queued;
    private Instant _startedAt;
    private Instant _lastFlightAt;
    private int _peerMessages; // one more than the highest message_seq the peer has shown
    private int _answeredMessages; // _peerMessages when our last flight left
    private Fibre? _fibre;
    private Exception? _handshakeFailure;

    /// <summary>A datagram before the handshake has a thread. A server takes one at the first sign of a ClientHello.</summary>
    private void Queue(ReadOnlySpan<byte> datagram, Instant now)
    {
        if (_waiting.Count == 0 && _accepted is null && !ClientHelloMeter.StartsIn(datagram))
        {
            _outputs.Observe(new Observation.DatagramDropped(default, DropReason.BadDtlsRecord));
            return;
        }

        if (_waiting.Count == MaxWaiting) _outputs.Observe(new Observation.DatagramDropped(default, DropReason.QueueFull));
        else _waiting.Enqueue(datagram.ToArray());

        if (!_timers.IsSet(Timer.Admission)) TryBegin(now);
    }

    private void TryBegin(Instant now)
    {
        _fibre = _fibres.TryRent();
        if (_fibre is null)
        {
            if (!_queued) _outputs.Observe(new Observation.DtlsHandshakeQueued(_fibres.InUse));
            _queued = true;
            _timers.Set(Timer.Admission, now + AdmissionRetry);
            return;
        }

        _state = State.Handshaking;
        _transport.Fibre = _fibre;
        _outputs.Observe(new Observation.DtlsHandshakeStarted(_parameters.Role));
        _flights.Begin();
        _fibre.Start(Shake);
        Settle(now);

        while (_state == State.Handshaking && _waiting.TryDequeue(out byte[]? datagram)) Feed(datagram, now);
    }

    /// <summary>On the fibre.</summary>
    private void Shake()
    {
        try
        {
            _association = _accepted is not null ? new DtlsServerProtocol().Accept(_plain, _transport, _accepted.Request)
                : _parameters.Role == DtlsRole.Server
                ? new DtlsServerProtocol().Accept(new SrtpServer(_negotiation, _hello, _outputs), _transport)
                : new DtlsClientProtocol().Connect(new SrtpClient(_negotiation), _transport);
        }
        catch (Exception e) // BouncyCastle turns whatever hostile bytes did to it into some exception
        {
            _handshakeFailure = e;
        }
    }

    private void Feed(ReadOnlySpan<byte> datagram, Instant now)
    {
        if (_parameters.Role == DtlsRole.Server) _hello.Count(datagram);
        NoteRepetition(datagram, now);

        _flights.Begin();
        _transport.Offer(datagram.ToArray());
        _fibre!.Resume();
        Settle(now);
    }

    private void Repeat(Instant now)
    {
        if (_state != State.Handshaking) return;
        _flights.Begin();
        _transport.Expire();
        _fibre!.Resume();
        Settle(now);
    }

    /// <summary>The fibre is parked or done: takes over what it left.</summary>
    private void Settle(Instant now)
    {
        _transport.Flush();
        if (_flights.End())
        {
            _answeredMessages = _peerMessages;
            ScheduleRetransmit(now);
        }
        else if (_flights.Repeated || (_flights.Current > 0 && !_timers.IsSet(Timer.Retransmit)))
        {
            ScheduleRetransmit(now);
        }

        if (!_fibre!.IsDone) return;

        ReleaseFibre();
        if (_association is null) FailHandshake();
        else Connect(now);
    }

    private void Connect(Instant now)
    {
        _state = State.Connected;
        _timers = new();
        if (_negotiation.Keys is { } keys)
        {
            _outputs.Observe(new Observation.DtlsConnected(_negotiation.CipherSuiteName, _negotiation.Profile, now - _startedAt));
            _outputs.Event(new DtlsEvent.Connected(keys));
        }
        else
        {
            _outputs.Event(new DtlsEvent.Secured());
        }

        TakePending();
    }

    private void FailHandshake()
    {
        string why = _negotiation.PeerClosed ? "The peer closed during the handshake" : Explain(_handshakeFailure!);
        _negotiation.Fail(_negotiation.PeerClosed ? DtlsFailure.AlertReceived : DtlsFailure.ProtocolError, why);
        Fail(_negotiation.Failure!.Value, _negotiation.Detail);
    }

    private void GiveUp()
    {
        if (_state == State.Waiting && _queued)
        {
            Fail(DtlsFailure.TooManyHandshakes, $"{_options.MaxHandshakes} handshakes were in flight for {_parameters.HandshakeTimeout.TotalSeconds:0.#} s");
            return;
        }

        string reached = (_state, _parameters.Role, _flights.Current, _peerMessages) switch
        {
            (State.Waiting, _, _, _) => "no ClientHello arrived",
            (_, DtlsRole.Server, 0, _) => "only a part of the ClientHello arrived",
            (_, DtlsRole.Client, _, 0) => $"no answer to {_flights.Attempts + 1} ClientHellos",
            var (_, _, flight, _) => $"no complete answer to flight {flight}, sent {_flights.Attempts + 1} times",
        };
        Fail(DtlsFailure.HandshakeTimeout, $"After {_parameters.HandshakeTimeout.TotalSeconds:0.#} s: {reached}");
    }

    private void ScheduleRetransmit(Instant now)
    {
        _lastFlightAt = now;
        var wait = FirstRetransmit * (1 << Math.Min(_flights.Attempts, 10));
        _timers.Set(Timer.Retransmit, now + (wait < LastRetransmit ? wait : LastRetransmit));
    }

    private void NoteRepetition(ReadOnlySpan<byte> datagram, Instant now)
    {
        bool repeats = false;
        foreach (var record in new DtlsRecords(datagram))
        {
            if (!record.IsPlainHandshake) continue;
            repeats |= record.MessageSequence < _answeredMessages;
            _peerMessages = Math.Max(_peerMessages, record.MessageSequence + 1);
        }

        if (!repeats || _flights.Current == 0 || now - _lastFlightAt < IgnoreRepeatsFor) return;
        _timers.Set(Timer.Retransmit, Instant.Earlier(_timers.DueAt(Timer.Retransmit), now + AnswerRepeatAfter));
    }

    private void ReleaseFibre()
    {
        if (_fibre is null) return;
        _negotiation.Abandoned = !_fibre.IsDone;
        _fibre.Unwind();
        _transport.Fibre = null;
        _fibres.Return(_fibre);
        _fibre = null;
    }

    private static string Explain(Exception e)
        => e is TlsFatalAlert alert ? $"{AlertDescription.GetText(alert.AlertDescription)}: {(alert.InnerException ?? alert).Message}" : e.Message;
}
