using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Protocol;

public abstract partial record Observation
{
    /// <param name="Additional">The second relayed address of a dual allocation.</param>
    public sealed record AllocationMade(
        FiveTuple FiveTuple, string User, TransportAddress Relayed, TransportAddress? Additional, TimeSpan Lifetime) : Observation;

    public sealed record AllocationEnded(
        FiveTuple FiveTuple, string User, AllocationEnd Reason, long BytesToPeers, long BytesToClient) : Observation;

    /// <summary>A mobile client has shown that it hears us at its new address (RFC 8016).</summary>
    public sealed record AllocationMoved(FiveTuple From, FiveTuple To, string User) : Observation;

    public sealed record TurnRequestRefused(FiveTuple FiveTuple, StunMethod Method, int Code, TurnRefusal Refusal) : Observation;

    /// <summary>The credential works, but its name is <c>user:expiry</c>: other servers want the expiry first.</summary>
    public sealed record CredentialReversed(FiveTuple FiveTuple, string User) : Observation;

    /// <summary>The credential works, and will for more than a year: most likely a mistake of what mints it.</summary>
    public sealed record CredentialLastsTooLong(FiveTuple FiveTuple, string User, ExpiryOddity Oddity) : Observation;

    /// <summary>Packets are dropped because more is sent than may be. Told once in <see cref="RelayRates.Window"/>.</summary>
    /// <param name="User">Null: the limit of all together.</param>
    public sealed record RateExceeded(string? User, long BytesPerSecond) : Observation;

    /// <summary>Somebody asks, unproven, faster than is answered. Told once until the source has been quiet.</summary>
    public sealed record AnswersSuppressed(TransportAddress Source) : Observation;
}

/// <summary>Why an allocation is no more.</summary>
public enum AllocationEnd { Expired, Released, Disconnected, Closed }
