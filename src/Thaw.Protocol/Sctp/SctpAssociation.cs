using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Sctp;

/// <summary>
/// One SCTP association inside one DTLS association (RFC 9260, RFC 8261): the same three verbs as
/// <see cref="IMachine"/>, without addresses. Either side or both may <see cref="Connect"/>.
/// </summary>
public sealed partial class SctpAssociation
{
    private const int MostNotices = 256; // observations beyond this are lost until the host polls

    private readonly SctpOptions _options;
    private readonly RandomNumberGenerator _random;
    private readonly Queue<object> _notices = [];
    private readonly ReceivedTsns _received = new();
    private readonly Reassembly _reassembly;
    private readonly Outbound _outbound;
    private readonly StreamResets _resets = new();

    private State _state;
    private Due _due;
    private Timers<Timer> _timers = new();
    private RetransmissionTimeout _rto;
    private int _errors; // consecutive, RFC 9260 §8.1

    public SctpAssociation(SctpOptions options, RandomNumberGenerator random, Instant now)
    {
        _options = options;
        _random = random;
        _rto = new RetransmissionTimeout(options);
        _localTag = Math.Max(1, RandomUInt32()); // RFC 9260 §5.3.1: never 0
        _initialTsn = new Tsn(RandomUInt32());
        random.GetBytes(_cookieKey);
        _reassembly = new Reassembly(options, _notices);
        _outbound = new Outbound(options, _initialTsn);
        _lastDataAt = now;
    }

    /// <summary>RFC 9260 §4. CLOSED is before the handshake; <see cref="Ended"/> is after everything.</summary>
    private enum State
    {
        Closed, CookieWait, CookieEchoed, Established,
        ShutdownPending, ShutdownSent, ShutdownReceived, ShutdownAckSent, Ended,
    }

    private enum Timer { T1, T2, T3, Ack, Reconfig, Heartbeat, HeartbeatAck }

    /// <summary>Control chunks that the next packets must carry.</summary>
    [Flags]
    private enum Due
    {
        None = 0,
        Init = 1 << 0,
        InitAck = 1 << 1,
        CookieEcho = 1 << 2,
        CookieAck = 1 << 3,
        Sack = 1 << 4,
        Heartbeat = 1 << 5,
        HeartbeatAck = 1 << 6,
        Error = 1 << 7,
        ReconfigRequest = 1 << 8,
        ReconfigResponse = 1 << 9,
        Shutdown = 1 << 10,
        ShutdownAck = 1 << 11,
        ShutdownComplete = 1 << 12,
        Abort = 1 << 13,
    }

    /// <summary>Whether data may be queued: before the handshake too, for it leaves with the COOKIE ECHO.</summary>
    public bool IsOpen => _state <= State.Established;

    /// <summary>After a terminal event, or after <see cref="Abort"/>.</summary>
    public bool IsEnded => _state is State.Ended;

    /// <summary>What was queued and is not yet acknowledged, in bytes with a little overhead a message.</summary>
    public int BufferedBytes => _outbound.Buffered;

    private bool IsUp => _state is >= State.Established and < State.Ended;

    /// <summary>Queues one message of at least one byte. False if it is too long, the buffer is full or the stream closing.</summary>
    public bool TrySend(ushort stream, uint ppid, ReadOnlySpan<byte> message, ChannelReliability reliability, Instant now)
        => IsOpen && !message.IsEmpty && stream < _outboundStreams && !_resets.IsPending(stream)
            && _outbound.TryEnqueue(stream, ppid, message, reliability, now);

    /// <summary>Tells the peer, after all that was queued, that a stream begins anew (RFC 6525).</summary>
    /// <returns>False if the peer does not know how.</returns>
    public bool ResetStream(ushort stream, Instant now)
    {
        _ = now;
        if (IsUp && !_peerResets) return false;
        _resets.Want(stream);
        return true;
    }

    /// <summary>Another path carries the association now: what is lost is sent again at once (RFC 8261 §5).</summary>
    public void PathChanged(Instant now)
    {
        if (_state is State.Ended) return;
        _errors = 0;
        _rto.EndBackOff();
        _outbound.OnPathChanged(now);
        foreach (var timer in (ReadOnlySpan<Timer>)[Timer.T1, Timer.T2, Timer.Reconfig, Timer.HeartbeatAck])
            if (_timers.IsSet(timer)) _timers.Set(timer, now);
        if (_timers.IsSet(Timer.T3)) _timers.Set(Timer.T3, now + _rto.Current);
        Advance(now);
    }

    /// <summary>Ends the association at once. An ABORT leaves if the peer is known; no event follows.</summary>
    public void Abort(string reason, Instant now)
    {
        _ = now;
        if (_state is not State.Ended) SendAbort(ErrorCause.UserInitiatedAbort, reason);
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (_notices.TryDequeue(out object? notice))
            return notice is Observation observation ? Output.Observation(observation) : Output.Event(notice);

        int length = Compose(buffer, now);
        return length > 0 ? Output.Transmit(buffer[..length]) : Output.Idle(_timers.Next);
    }

    private void SendAbort(ErrorCause cause, string detail)
    {
        _abort = (cause, detail);
        Observe(new Observation.SctpAbortSent((int)cause, detail));
        End(_peer.Tag == 0 ? Due.None : Due.Abort);
    }

    private void Fail(SctpFailure reason, string detail)
    {
        if (_state is State.Ended) return;
        _notices.Enqueue(new SctpEvent.Failed(reason, detail));
        End(Due.None);
    }

    private void FailWithAbort(SctpFailure reason, ErrorCause cause, string detail)
    {
        SendAbort(cause, detail);
        _notices.Enqueue(new SctpEvent.Failed(reason, detail));
    }

    private void End(Due last)
    {
        _state = State.Ended;
        _due = last;
        _timers = new();
    }

    private void Observe(Observation observation)
    {
        if (_notices.Count < MostNotices) _notices.Enqueue(observation);
    }

    private bool TryTake(Due chunk)
    {
        bool due = (_due & chunk) != 0;
        _due &= ~chunk;
        return due;
    }

    private uint RandomUInt32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        _random.GetBytes(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
