namespace Thaw.Protocol.Turn;

public enum TurnClientState
{
    Allocating,
    Allocated,
    Expiring, // relays still, but the server refuses to go on
    Closing,  // giving the allocation back
    Ended,
}

/// <summary>What the owner of a <see cref="TurnClient"/> must act on.</summary>
public abstract record TurnClientEvent
{
    private TurnClientEvent() { }

    /// <param name="Relayed">One or two, of different families.</param>
    /// <param name="Mapped">Our address as the server sees it; default if it did not say.</param>
    /// <param name="OtherFamilyError">Why there is no second address (ADDRESS-ERROR-CODE, RFC 8656 §18.12), or 0.</param>
    public sealed record Allocated(
        IReadOnlyList<TransportAddress> Relayed, TransportAddress Mapped, TimeSpan Lifetime, int OtherFamilyError) : TurnClientEvent;

    /// <summary>Terminal: there is no allocation.</summary>
    /// <param name="Code">The server's error code, or 0.</param>
    public sealed record Failed(GatheringFailure Cause, int Code, string Reason) : TurnClientEvent;

    /// <summary>Terminal: ask there (RFC 8489 §10). Nothing of the dialogue so far holds there but the credential.</summary>
    public sealed record Redirected(TransportAddress Alternate) : TurnClientEvent;

    /// <summary>Terminal: there was an allocation.</summary>
    public sealed record Lost(GatheringFailure Cause, int Code) : TurnClientEvent;

    /// <summary>Terminal: given back, after <see cref="TurnClient.Close"/>.</summary>
    public sealed record Closed : TurnClientEvent;

    /// <summary><see cref="TurnClient.IsTrusted"/> changed.</summary>
    public sealed record TrustChanged(GatheringFailure Cause) : TurnClientEvent;

    public sealed record PeerRefused(TransportAddress Relayed, TransportAddress Peer, int Code) : TurnClientEvent;

    /// <summary>An ICMP message came back to the relay for a packet to this peer (RFC 8656 §11.5).</summary>
    public sealed record Bounced(TransportAddress Relayed, TransportAddress Peer, int Type, int Code) : TurnClientEvent;
}
