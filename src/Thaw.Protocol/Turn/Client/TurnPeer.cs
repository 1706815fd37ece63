namespace Thaw.Protocol.Turn;

internal enum TurnPermissionState
{
    Pending, // asked, or in the queue
    Granted,
    Refused,
    Gone,    // no longer in the table
}

/// <summary>A peer's IP address, to which the server relays or not (RFC 8656 §9).</summary>
internal sealed class TurnPermission(TransportAddress address)
{
    /// <summary>Packets that wait for the answer.</summary>
    public const int MaxWaiting = 4;

    /// <summary>Port 0.</summary>
    public TransportAddress Address { get; } = address;

    public TurnPermissionState State { get; set; }

    /// <summary>Granted until, counted from the request: never later than the server counts. Or refused until.</summary>
    public Instant Until { get; set; } = Instant.Never;

    public Instant UsedAt { get; set; }

    /// <summary>Something came from there: it is no mere candidate.</summary>
    public bool IsHeard { get; set; }

    /// <summary>A request is queued or on its way, the first or one that renews.</summary>
    public bool IsAsked { get; set; }

    /// <summary>When it may be told again that packets bounce.</summary>
    public Instant BouncesAgainAt { get; set; }

    public Queue<(TurnPeer Peer, byte[] Payload)>? Waiting { get; set; }

    public bool Allows(Instant now) => State is TurnPermissionState.Granted && now < Until;
}

/// <summary>A peer's transport address, and the channel to it if there is one (RFC 8656 §12).</summary>
internal sealed class TurnPeer(TransportAddress address)
{
    public TransportAddress Address { get; } = address;

    public TurnPermission? Permission { get; set; }

    /// <summary>0x4000–0x4FFF, or 0. It stays ours for a while after the binding ended, and we stay with it.</summary>
    public ushort Channel { get; set; }

    public Instant BoundUntil { get; set; }

    /// <summary>Before, neither the number nor the peer may be bound to another (RFC 8656 §12.2).</summary>
    public Instant HeldUntil { get; set; }

    public bool IsBindAsked { get; set; }

    /// <summary>A refusal is remembered until here.</summary>
    public Instant BindAgainAt { get; set; }

    public Instant UsedAt { get; set; }

    public bool IsHeard { get; set; }

    /// <summary>Packets since the entry was made, up to a few.</summary>
    public int Sent { get; set; }
}
