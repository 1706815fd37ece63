using System.Security.Cryptography;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Gathering;

internal enum BindingOutcome { Nothing, Answered, Failed }

/// <summary>
/// Asks one server from one base for our mapped address, and goes on asking: that keeps the translator's mapping alive and
/// sees it change. An answer is authenticated by its 96 random bits and its source.
/// </summary>
internal sealed class BindingClient(TransportAddress @base, TransportAddress server, RandomNumberGenerator random)
{
    private const int FailuresUntilLost = 2; // rounds of five requests each

    private static readonly TimeSpan Keepalive = TimeSpan.FromSeconds(25); // RFC 8445 §11 asks for 15 s or more; mappings of 30 s exist

    private TransactionId _transaction;
    private Instant _beganAt, _dueAt = Instant.Never, _giveUpAt = Instant.Never;
    private int _sent, _failures;

    public TransportAddress Base { get; } = @base;

    public TransportAddress Server { get; } = server;

    /// <summary>Default until answered, and again once lost.</summary>
    public TransportAddress Mapped { get; private set; }

    public TimeSpan RoundTrip { get; private set; }

    /// <summary>Why the last round failed, with the server's code or 0.</summary>
    public (GatheringFailure Cause, int Code) Failure { get; private set; }

    public Instant WakeAt => Instant.Earlier(_dueAt, _giveUpAt);

    private bool IsAsking => _giveUpAt != Instant.Never;

    /// <summary>Begins a round of requests now.</summary>
    public void Start(Instant now)
    {
        _transaction = TransactionId.Next(random);
        (_beganAt, _dueAt, _giveUpAt, _sent) = (now, now, now + RequestSchedule.Binding.GiveUp, 0);
    }

    public bool Owns(in StunReader message)
        => IsAsking && message.Method is StunMethod.Binding && message.Class is StunClass.SuccessResponse or StunClass.ErrorResponse
            && message.Transaction == _transaction;

    /// <summary>Takes an answer that it <see cref="Owns"/>.</summary>
    public BindingOutcome Receive(in StunReader message, Instant now)
    {
        if (message.Class is StunClass.ErrorResponse)
        {
            int code = 0;
            if (message.TryFind(StunAttributeType.ErrorCode, out var error)) error.TryReadError(out code, out _);
            return Fail(FailureOf(code), code, now);
        }

        if (!TryReadMapped(message, out var mapped)) return Fail(GatheringFailure.BadAnswer, 0, now);

        Mapped = mapped;
        RoundTrip = now - _beganAt;
        _failures = 0;
        _giveUpAt = Instant.Never;
        _dueAt = now + Jitter.Around(Keepalive, random);
        return BindingOutcome.Answered;
    }

    public BindingOutcome Advance(Instant now)
    {
        if (now >= _giveUpAt) return Fail(GatheringFailure.Timeout, 0, now);
        if (!IsAsking && now >= _dueAt) Start(now);
        return BindingOutcome.Nothing;
    }

    public bool TryWrite(Span<byte> buffer, Instant now, out int length)
    {
        length = 0;
        if (!IsAsking || now < _dueAt || now >= _giveUpAt) return false;
        _dueAt = RequestSchedule.Binding.NextAt(++_sent, now, _giveUpAt);
        length = new StunWriter(buffer, StunMethod.Binding, StunClass.Request, _transaction).Finish().Length;
        return true;
    }

    /// <summary>A mapping that was there is asked for once more before it counts as lost.</summary>
    private BindingOutcome Fail(GatheringFailure cause, int code, Instant now)
    {
        Failure = (cause, code);
        _dueAt = _giveUpAt = Instant.Never;
        if (Mapped != default && ++_failures < FailuresUntilLost)
        {
            Start(now);
            return BindingOutcome.Nothing;
        }

        Mapped = default;
        _failures = 0;
        return BindingOutcome.Failed;
    }

    /// <summary>RFC 3489's servers know only the plain attribute (RFC 8489 §11).</summary>
    private bool TryReadMapped(in StunReader message, out TransportAddress mapped)
    {
        if (!message.TryReadXorAddress(StunAttributeType.XorMappedAddress, out mapped)
            && !(message.TryFind(StunAttributeType.MappedAddress, out var plain) && plain.TryReadAddress(out mapped))) return false;
        return mapped.Port != 0 && mapped.IsIPv4 == Base.IsIPv4; // another family is a NAT64's view: nobody could pair it
    }

    private static GatheringFailure FailureOf(int code) => code switch
    {
        0 => GatheringFailure.BadAnswer,
        StunErrorCode.TryAlternate => GatheringFailure.RedirectRefused,
        StunErrorCode.BadRequest => GatheringFailure.BadRequest,
        StunErrorCode.Unauthenticated => GatheringFailure.NoCredential,
        StunErrorCode.Forbidden => GatheringFailure.Forbidden,
        _ => GatheringFailure.ServerError,
    };
}
