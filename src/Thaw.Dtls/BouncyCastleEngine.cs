using System.Diagnostics;
using System.Security.Cryptography;
using Org.BouncyCastle.Tls;
using Thaw.Dtls.Crypto;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Dtls;

/// <summary>
/// DTLS 1.2 with use_srtp (RFC 6347, RFC 5764) by BouncyCastle. Its blocking handshake runs on a fibre that moves only
/// while one of this machine's methods is waiting for it; once connected there is no thread.
/// </summary>
public sealed partial class BouncyCastleEngine : IDtlsEngine
{
    private enum State { New, Waiting, Handshaking, Connected, Over }
    private enum Timer { Deadline, Retransmit, Admission }

    private const int RecordOverhead = DtlsRecord.HeaderLength + 8 + 16; // RFC 5288 §3: explicit nonce and tag

    private static readonly CertificateFingerprint Nobody = new("none", []); // a plain server asks for no certificate

    private readonly DtlsParameters _parameters;
    private readonly DtlsOptions _options;
    private readonly FibrePool _fibres;
    private readonly OutputQueue _outputs = new();
    private readonly Negotiation _negotiation;
    private readonly Flights _flights;
    private readonly RecordTransport _transport;
    private readonly ClientHelloMeter _hello = new();
    private State _state;
    private Timers<Timer> _timers = new();
    private DtlsTransport? _association;
    private readonly int _room; // for one datagram
    private readonly int _maxApplicationData = MaxApplicationData;
    private readonly VerifiedHello? _accepted;
    private readonly PlainServer? _plain;

    internal BouncyCastleEngine(DtlsParameters parameters, DtlsOptions options, LocalIdentity? identity, FibrePool fibres)
        : this(parameters, options, identity, fibres, Output.BufferLength)
    {
    }

    /// <summary>A server without SRTP, whose handshake has begun already.</summary>
    internal BouncyCastleEngine(
        VerifiedHello hello, ServerCertificate certificate, IReadOnlyList<string> protocols, RandomNumberGenerator random, TimeSpan handshakeTimeout,
        DtlsOptions options, FibrePool fibres)
        : this(new DtlsParameters(DtlsRole.Server, Nobody, random) { HandshakeTimeout = handshakeTimeout }, options, null, fibres,
            options.MaxPlainRecord + RecordOverhead)
    {
        _accepted = hello;
        _plain = new PlainServer(_negotiation, certificate, protocols);
        _maxApplicationData = options.MaxPlainRecord;
        _peerMessages = hello.MessageSequence + 1;
    }

    private BouncyCastleEngine(DtlsParameters parameters, DtlsOptions options, LocalIdentity? identity, FibrePool fibres, int room)
    {
        _parameters = parameters;
        _options = options;
        _fibres = fibres;
        _room = room;
        _negotiation = new(parameters, identity, _outputs);
        _flights = new(parameters.Role, _outputs);
        _transport = new(options.Mtu, room, _flights, _outputs);
    }

    public void Start(Instant now)
    {
        if (_state != State.New) return;
        _state = State.Waiting;
        _startedAt = now;
        _timers.Set(Timer.Deadline, now + _parameters.HandshakeTimeout);
        if (_parameters.Role == DtlsRole.Client || _accepted is not null) TryBegin(now);
    }

    public void Receive(ReadOnlySpan<byte> datagram, Instant now)
    {
        if (_state == State.Over) return;

        int length = Math.Min(DtlsRecords.WellFormedLength(datagram), _room);
        if (length == 0 || _state == State.New)
        {
            _outputs.Observe(new Observation.DatagramDropped(default, _state == State.New ? DropReason.NoDtlsYet : DropReason.BadDtlsRecord));
            return;
        }

        switch (_state)
        {
            case State.Waiting: Queue(datagram[..length], now); break;
            case State.Handshaking: Feed(datagram[..length], now); break;
            case State.Connected: Unprotect(datagram[..length]); break;
        }
    }

    public void Advance(Instant now)
    {
        if (_timers.TryTake(Timer.Deadline, now)) GiveUp();
        if (_timers.TryTake(Timer.Admission, now)) TryBegin(now);
        if (_timers.TryTake(Timer.Retransmit, now)) Repeat(now);
    }

    public Output Poll(Span<byte> buffer, Instant now) => _outputs.Poll(_timers.Next);

    public void Send(ReadOnlySpan<byte> data, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, _maxApplicationData);
        if (_state != State.Connected) return;

        _association!.Send(data);
        _transport.Flush();
    }

    public void Close(Instant now)
    {
        if (_state == State.Connected)
        {
            _association!.Close();
            _transport.Flush();
        }

        End();
    }

    public void Dispose()
    {
        End();
        _outputs.Clear();
    }

    private void Fail(DtlsFailure reason, string detail)
    {
        End();
        _outputs.Event(new DtlsEvent.Failed(reason, detail));
    }

    /// <summary>Whatever the state: no timer, no thread, no further word except what is already queued.</summary>
    private void End()
    {
        Debug.Assert(_fibre is null || _state == State.Handshaking);
        _state = State.Over;
        _timers = new();
        _waiting.Clear();
        ReleaseFibre();
        _negotiation.Crypto.Dispose();
    }
}
