using System.Buffers.Binary;

namespace Thaw.Protocol.Sctp;

/// <summary>RFC 9260 §5: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK, and both sides doing it at once.</summary>
public sealed partial class SctpAssociation
{
    private const int LongestCookie = 1400; // the COOKIE ECHO must fit one datagram

    // One tag and one initial TSN for life: the answer to a colliding INIT must repeat those of our own (§5.2.1).
    private readonly uint _localTag;
    private readonly Tsn _initialTsn;
    private readonly byte[] _cookieKey = new byte[StateCookie.KeyLength];

    private PeerParameters _peer;        // ours once the INIT ACK or a valid COOKIE ECHO came
    private PeerParameters _initiator;   // whose INIT the due INIT ACK answers
    private byte[] _unrecognized = [];   // parameters of that INIT, to report back
    private byte[] _cookie = [];         // the peer's, to echo
    private int _outboundStreams = ushort.MaxValue;
    private bool _peerResets;
    private int _initsSent;
    private Instant _initSentAt;
    private TimeSpan? _handshakeRoundTrip;

    /// <summary>Sends INIT.</summary>
    public void Connect(Instant now)
    {
        if (_state is not State.Closed) return;
        _state = State.CookieWait;
        SendInit(now);
    }

    private void SendInit(Instant now)
    {
        _due |= Due.Init;
        _initSentAt = now;
        Observe(new Observation.SctpInitSent(++_initsSent));
        _timers.Set(Timer.T1, now + _rto.Current);
    }

    /// <summary>§5.1.6: INIT and COOKIE ECHO share the timer and the limit.</summary>
    private void OnT1(Instant now)
    {
        if (++_errors > _options.MaxInitRetransmissions)
        {
            Fail(SctpFailure.HandshakeTimedOut, $"no {(_state is State.CookieWait ? "INIT ACK" : "COOKIE ACK")} after {_errors} attempts");
            return;
        }

        _rto.BackOff();
        if (_state is State.CookieWait)
        {
            SendInit(now);
            return;
        }

        _due |= Due.CookieEcho;
        _outbound.ResendAll(now);
        _timers.Set(Timer.T1, now + _rto.Current);
    }

    private DropReason? OnInit(in ChunkReader chunk)
    {
        if (!InitReader.TryRead(chunk, out var init)) return DropReason.Malformed;

        // A peer that is up answers no INIT ACK (§5.2.3), so a late duplicate needs none. An INIT with another tag is
        // a restart, which has no meaning inside a DTLS association that did not restart: docs/rfc/sctp.md.
        if (_state > State.CookieEchoed) return DropReason.UnexpectedChunk;

        _initiator = PeerParameters.From(init);
        _unrecognized = CollectUnrecognized(init);
        _due |= Due.InitAck;
        return null;
    }

    /// <summary>§3.2.1: the highest bit says skip or stop, the next one says report.</summary>
    private static byte[] CollectUnrecognized(in InitReader init)
    {
        const int Most = 256;
        byte[] report = [];
        for (var rest = init.Parameters; ParameterReader.TryTake(ref rest, out var parameter);)
        {
            if (Enum.IsDefined(parameter.Type)) continue;
            if (((int)parameter.Type & 0x4000) != 0 && report.Length + parameter.Whole.Length + 7 <= Most)
            {
                byte[] entry = new byte[ParameterReader.HeaderLength + parameter.Whole.Length + 3 & ~3];
                PacketWriter.WriteParameter(entry, ParameterType.UnrecognizedParameter, parameter.Whole);
                report = [.. report, .. entry];
            }

            if (((int)parameter.Type & 0x8000) == 0) break;
        }

        return report;
    }

    private DropReason? OnInitAck(in ChunkReader chunk, Instant now)
    {
        if (_state is not State.CookieWait) return null; // a collision made it superfluous (§5.2.3)
        if (!InitReader.TryRead(chunk, out var init)) return DropReason.Malformed;

        scoped ReadOnlySpan<byte> cookie = default;
        for (var rest = init.Parameters; ParameterReader.TryTake(ref rest, out var parameter);)
            if (parameter.Type is ParameterType.StateCookie) cookie = parameter.Value;
        if (cookie.Length is 0 or > LongestCookie) return DropReason.MissingAttribute;

        if (_initsSent == 1)
        {
            _handshakeRoundTrip = now - _initSentAt;
            _rto.Measure(now - _initSentAt);
        }

        _cookie = cookie.ToArray();
        Adopt(PeerParameters.From(init));
        _state = State.CookieEchoed;
        _errors = 0;
        _due = _due & ~Due.Init | Due.CookieEcho;
        _timers.Set(Timer.T1, now + _rto.Current);
        return null;
    }

    private DropReason? OnCookieEcho(in ChunkReader chunk, Instant now)
    {
        if (!StateCookie.TryRead(chunk.Value, _cookieKey, out var peer, out var madeAt)) return DropReason.BadIntegrity;

        if (_state > State.CookieEchoed)
        {
            // §5.2.4 D: our COOKIE ACK was lost. Any other tag is a restart (A), or old (C).
            if (peer.Tag != _peer.Tag) return DropReason.UnexpectedChunk;
            _due |= Due.CookieAck;
            return null;
        }

        if (now - madeAt > _options.CookieLifetime)
        {
            Span<byte> staleness = stackalloc byte[4];
            long microseconds = (long)(now - madeAt - _options.CookieLifetime).TotalMicroseconds;
            BinaryPrimitives.WriteUInt32BigEndian(staleness, (uint)Math.Min(microseconds, uint.MaxValue));
            ReportError(peer.Tag, ErrorCause.StaleCookie, staleness);
            return DropReason.UnexpectedChunk;
        }

        // §5.2.4 B and D, and the plain case: the peer's INIT is the newest that it has sent us.
        Adopt(peer);
        _due |= Due.CookieAck;
        Establish(now);
        return null;
    }

    private DropReason? OnCookieAck(Instant now)
    {
        if (_state is State.CookieEchoed) Establish(now); // otherwise a collision made it superfluous (§5.2.5)
        return null;
    }

    private void Adopt(in PeerParameters peer)
    {
        _peer = peer;
        _received.Start(peer.InitialTsn);
        _resets.Start(_initialTsn, peer.InitialTsn);
        _outbound.SetPeerWindow(peer.ReceiverWindow);
        _outbound.MayAbandon = peer.ForwardTsn;
        _outboundStreams = peer.InboundStreams;
        _peerResets = peer.ReConfig;
    }

    private void Establish(Instant now)
    {
        _state = State.Established;
        _errors = 0;
        _cookie = [];
        _due &= ~(Due.Init | Due.CookieEcho);
        _rto.EndBackOff();
        _timers.Stop(Timer.T1);
        if (_outbound.HasOutstanding) _timers.Set(Timer.T3, now + _rto.Current);
        _timers.Set(Timer.Heartbeat, now + _options.HeartbeatInterval);
        Observe(new Observation.SctpAssociationUp(_handshakeRoundTrip));
        _notices.Enqueue(new SctpEvent.Established(_outboundStreams));
        if (_shutdownWanted) Shutdown(now);
    }
}
