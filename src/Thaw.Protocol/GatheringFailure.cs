namespace Thaw.Protocol;

/// <summary>Why a STUN or TURN server gives us no address.</summary>
public enum GatheringFailure
{
    NoBase,              // no local socket of the server's address family
    Timeout,             // no answer
    ConnectionFailed,    // TCP or TLS: not connected, or the stream ended
    DialTimeout,         // the host did not say in time
    Unauthorized,        // 401 to our credential: wrong, or expired (TurnCredential.ExpiresAtUnixTime)
    NoCredential,        // 401, and none is configured
    NonceLoop,           // 438 again and again: our address changes from packet to packet, or the nonce is not shared behind a balancer
    BidDown,             // the challenge lost its password algorithms on the way (RFC 8489 §9.2.1)
    BadChallenge,        // realm or nonce missing or too long, or no password algorithm that we know
    BadRequest,          // 400
    Forbidden,           // 403
    UnknownAttribute,    // 420
    AllocationMismatch,  // 437: the server holds another allocation of this port, or no longer holds ours
    FamilyNotSupported,  // 440
    WrongCredentials,    // 441: the allocation is someone else's
    TransportNotSupported, // 442, or a kind of server that we cannot ask this way
    QuotaReached,        // 486
    InsufficientCapacity, // 508
    ServerError,         // 500 and every other code
    RedirectLoop,        // 300 too often, or back to where we were
    RedirectRefused,     // 300 to an address that cannot be used
    BadAnswer,           // success without what it must carry
    LimitReached,        // more than the gatherer holds
    Expired,             // the lifetime ended before a refresh was answered
    Withdrawn,           // server or base were taken away
}
