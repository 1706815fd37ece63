namespace Thaw.Protocol.Turn;

/// <summary>A peer's address, whatever its port, that may exchange data with the client (RFC 8656 §9).</summary>
internal sealed class Permission(TransportAddress peer, Instant expiresAt)
{
    public TransportAddress Peer { get; } = peer.WithPort(0);

    public Instant ExpiresAt { get; set; } = expiresAt;

    /// <summary>Our own address: only towards ports that are relayed addresses now, never to what else listens there.</summary>
    public bool IsHairpin { get; init; }
}
