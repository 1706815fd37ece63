namespace Thaw.Protocol;

/// <summary>
/// A fact a machine noticed. Logs, metrics, trace files and diagnosis are all made from these.
/// One partial file per layer (<c>Stun/…</c> has none; <c>Ice/Observation.Ice.cs</c> and so on), all in this namespace.
/// </summary>
public abstract partial record Observation
{
    private Observation() { }

    /// <summary>Bytes from the network were refused. Counted, never thrown.</summary>
    public sealed record DatagramDropped(TransportAddress Source, DropReason Reason) : Observation;
}

/// <summary>Why bytes from the network were refused.</summary>
public enum DropReason
{
    Empty,
    Truncated,
    TooLong,
    LengthMismatch,
    Malformed,
    UnknownProtocol,     // first byte in none of RFC 7983's ranges
    NoRoute,             // no session has this source address or username fragment

    NotStun,
    BadCookie,
    BadFingerprint,
    BadIntegrity,
    MissingAttribute,
    UnknownTransaction,
    UnknownUsername,

    NoDtlsYet,           // SRTP or SCTP before the handshake is done
    BadDtlsRecord,

    SrtpAuthenticationFailed,
    SrtpReplayed,
    SrtpIndexExhausted,
    SrtpTooManySources,
    UnknownPayloadType,

    BadChecksum,
    BadVerificationTag,
    UnexpectedChunk,     // an SCTP chunk that has no place in the association's state

    QueueFull,
    Closed,
}
