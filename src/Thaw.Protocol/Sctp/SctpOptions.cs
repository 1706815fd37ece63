namespace Thaw.Protocol.Sctp;

/// <summary>What an association may use and how patient it is. docs/rfc/sctp.md says why the defaults differ from RFC 9260.</summary>
public sealed record SctpOptions
{
    /// <summary><c>a=sctp-port</c> of each side (RFC 8841 §5).</summary>
    public ushort LocalPort { get; init; } = 5000;
    public ushort RemotePort { get; init; } = 5000;

    /// <summary>The largest SCTP packet: with DTLS, UDP, IP and TURN around it, it passes every 1,280-byte path.</summary>
    public int MaxPacketSize { get; init; } = 1152;

    /// <summary>User data per DATA chunk: RFC 9260's PMDCS, and the unit of the congestion window.</summary>
    public int MaxFragmentSize { get; init; } = 1100;

    /// <summary>Bytes held until they form messages; the a_rwnd we advertise when nothing is held.</summary>
    public int ReceiveBuffer { get; init; } = 1 << 20;

    /// <summary>Bytes accepted from the application and not yet acknowledged.</summary>
    public int SendBuffer { get; init; } = 1 << 20;

    /// <summary>The <c>a=max-message-size</c> that we announce: a longer message aborts the association.</summary>
    public int MaxMessageSize { get; init; } = 262_144;

    /// <summary>The peer's <c>a=max-message-size</c>; 65,536 if it has none (RFC 8841 §6.1), 0 for no limit.</summary>
    public int RemoteMaxMessageSize { get; init; } = 65_536;

    /// <summary>Inbound streams that may have state, and channels that may exist, at one time.</summary>
    public int MaxStreams { get; init; } = 256;

    public TimeSpan RtoInitial { get; init; } = TimeSpan.FromMilliseconds(500);
    public TimeSpan RtoMin { get; init; } = TimeSpan.FromMilliseconds(300);
    public TimeSpan RtoMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Association.Max.Retrans: consecutive unanswered retransmissions before the peer is unreachable.</summary>
    public int MaxRetransmissions { get; init; } = 60;

    /// <summary>Max.Init.Retransmits.</summary>
    public int MaxInitRetransmissions { get; init; } = 12;

    public TimeSpan DelayedAck { get; init; } = TimeSpan.FromMilliseconds(200);
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan CookieLifetime { get; init; } = TimeSpan.FromSeconds(60);
}
