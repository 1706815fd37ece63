namespace Thaw.Protocol.Turn;

/// <summary>How a server serves. Without users and secrets it answers Binding requests and refuses to allocate.</summary>
public sealed record TurnServerOptions
{
    /// <summary>Part of every user's key. A long one makes the first answer longer, which a forger of addresses likes.</summary>
    public string Realm { get; init; } = "thaw";

    public IReadOnlyList<TurnUser> Users { get; init; } = [];

    /// <summary>
    /// Each makes every name <c>expiry:user</c> a user, with the password base64(HMAC-SHA1(secret, name)). Several, so
    /// that a new one can come before the old one goes.
    /// </summary>
    public IReadOnlyList<string> SharedSecrets { get; init; } = [];

    /// <summary>Keys of authorization servers whose access tokens are accepted (RFC 7635). With one, the first answer names <see cref="OAuthServerName"/>.</summary>
    public IReadOnlyList<OAuthKey> OAuthKeys { get; init; } = [];

    /// <summary>What tokens for this server are bound to; null: the realm. At most 255 bytes.</summary>
    public string? OAuthServerName { get; init; }

    /// <summary>RFC 8489's SHA-256 beside MD5. Costs twelve bytes in the first answer.</summary>
    public bool OffersSha256 { get; init; } = true;

    /// <summary>At most one of each family.</summary>
    public IReadOnlyList<RelayAddress> RelayAddresses { get; init; } = [];

    public ushort FirstRelayPort { get; init; } = 49152; // RFC 8656 §7.2: the dynamic range
    public ushort LastRelayPort { get; init; } = 65535;

    /// <summary>Relayed addresses of all, reserved ones included.</summary>
    public int TotalQuota { get; init; } = 10_000;

    /// <summary>Relayed addresses of one user, reserved ones included.</summary>
    public int UserQuota { get; init; } = int.MaxValue;

    /// <summary>Bytes of payload a second that one allocation may have relayed, each way; 0: no limit. What is over is dropped.</summary>
    public long MaxRate { get; init; }

    /// <summary>The same of all together.</summary>
    public long TotalRate { get; init; }

    /// <summary>Permissions, and channels, of one allocation. A voice server behind a relay has a peer for each caller.</summary>
    public int MaxPeers { get; init; } = 1024;

    public TimeSpan DefaultLifetime { get; init; } = TimeSpan.FromMinutes(10); // RFC 8656 §3.2
    public TimeSpan MaxLifetime { get; init; } = TimeSpan.FromHours(1);        // RFC 8656 §7.2
    public TimeSpan NonceLifetime { get; init; } = TimeSpan.FromHours(1);      // RFC 8656 §5: "at least hourly"

    /// <summary>32 bytes that servers behind one address share; empty: made at start.</summary>
    public ReadOnlyMemory<byte> NonceKey { get; init; }

    public PeerPolicy Policy { get; init; } = PeerPolicy.Public;

    /// <summary>RFC 6062. A client may then open TCP connections from here, to whomever the policy does not deny.</summary>
    public bool RelaysTcp { get; init; }

    /// <summary>TCP connections with peers, of one allocation.</summary>
    public int MaxConnections { get; init; } = 32;

    /// <summary>TCP connections with peers, of all allocations of this server.</summary>
    public int TotalConnections { get; init; } = 1000;

    /// <summary>RFC 8016: an allocation may follow its client to another address.</summary>
    public bool IsMobile { get; init; }

    /// <summary>0 to 255: which of several servers on one port this is. Tickets and connection IDs begin with it.</summary>
    public byte Shard { get; init; }

    /// <summary>Where a draining server sends new clients of the same family.</summary>
    public IReadOnlyList<TransportAddress> Alternates { get; init; } = [];

    /// <summary>Answers to requests without valid credentials, a second and source (/32, /56).</summary>
    public double UnprovenAnswersPerSecond { get; init; } = 20;

    /// <summary>How many at once: a house of callers that all come back after an outage.</summary>
    public double UnprovenAnswersAtOnce { get; init; } = 200;
}
