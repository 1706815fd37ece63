namespace Thaw.Protocol.Turn;

/// <summary>A channel number that stands for a peer (RFC 8656 §12).</summary>
internal sealed class ChannelBinding(ushort number, TransportAddress peer, Permission permission, Instant expiresAt)
{
    // RFC 5766 §11 gave clients 0x4000 to 0x7FFF, and they still use it; RFC 8656 §12 keeps 0x4000 to 0x4FFF.
    public const ushort First = 0x4000, Last = 0x7FFF;

    public ushort Number { get; } = number;

    public TransportAddress Peer { get; } = peer;

    /// <summary>Shared with the allocation's table; a new one takes its place when it ran out and was made again.</summary>
    public Permission Permission { get; set; } = permission;

    public Instant ExpiresAt { get; set; } = expiresAt;

    /// <summary>The binding alone does not let data pass: the permission, which it installed, must still stand.</summary>
    public bool IsAlive(Instant now) => now < ExpiresAt && now < Permission.ExpiresAt;
}
