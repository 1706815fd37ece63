using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>What one client has on the server (RFC 8656 §3.2): relayed addresses, permissions, channels.</summary>
public sealed partial class Allocation
{
    private readonly List<Permission> _permissions = [];
    private readonly List<ChannelBinding> _channels = [];

    internal Allocation(FiveTuple fiveTuple, TurnIdentity identity, TransactionId transaction)
    {
        FiveTuple = fiveTuple;
        Identity = identity;
        Transaction = transaction;
    }

    /// <summary>Changes when a mobile client has arrived elsewhere.</summary>
    public FiveTuple FiveTuple { get; internal set; }

    /// <summary>As the client named itself, made fit for display.</summary>
    public string User => Identity.Display;

    public RelayedTransportAddress? IPv4 { get; internal set; }

    public RelayedTransportAddress? IPv6 { get; internal set; }

    public Instant MadeAt { get; internal init; }

    public Instant ExpiresAt { get; internal set; }

    public long PacketsToPeers { get; internal set; }
    public long BytesToPeers { get; internal set; }
    public long PacketsToClient { get; internal set; }
    public long BytesToClient { get; internal set; }

    public int PermissionCount => _permissions.Count;

    public int ChannelCount => _channels.Count;

    internal TurnIdentity Identity { get; private set; }

    /// <summary>Of the Allocate that made it: the same again is a retransmission (RFC 8656 §7.2).</summary>
    internal TransactionId Transaction { get; }

    /// <summary>What the answer to that Allocate said.</summary>
    internal TimeSpan Granted { get; set; }
    internal ulong? ReservationToken { get; set; }
    internal int AdditionalFamilyError { get; set; }

    internal RateBucket RateToPeers;
    internal RateBucket RateToClient;
    internal Instant RateToldUntil { get; set; }

    /// <summary>Its place in the server's order of deadlines; never later than its earliest.</summary>
    internal Instant QueuedAt { get; set; } = Instant.Never;

    /// <summary>Tells apart what is due at one instant.</summary>
    internal long Number { get; init; }

    /// <summary>
    /// The same user proved itself by another key: a new password, another algorithm, a new token. What was booked stays
    /// booked on the account that it was booked on.
    /// </summary>
    internal void Adopt(TurnIdentity identity)
    {
        if (!ReferenceEquals(identity, Identity)) Identity = identity with { Account = Identity.Account };
    }

    internal RelayedTransportAddress? RelayFor(TransportAddress peer)
        => peer.Protocol == Protocol ? peer.IsIPv4 ? IPv4 : IPv6 : null;

    internal Permission? FindPermission(TransportAddress peer, Instant now)
    {
        if (_permissionTable is { } table) return table.TryGetValue(Key(peer), out var found) && now < found.ExpiresAt ? found : null;
        foreach (var permission in _permissions)
            if (permission.Peer.SameAddress(peer)) return now < permission.ExpiresAt ? permission : null;
        return null;
    }

    internal ChannelBinding? FindChannel(ushort number, Instant now)
    {
        if (_channelsByNumber is { } table) return table.TryGetValue(number, out var found) && now < found.ExpiresAt ? found : null;
        foreach (var channel in _channels)
            if (channel.Number == number) return now < channel.ExpiresAt ? channel : null;
        return null;
    }

    internal ChannelBinding? FindChannel(TransportAddress peer, Instant now)
    {
        if (_channelsByPeer is { } table) return table.TryGetValue(peer, out var found) && now < found.ExpiresAt ? found : null;
        foreach (var channel in _channels)
            if (channel.Peer == peer) return now < channel.ExpiresAt ? channel : null;
        return null;
    }

    /// <summary>Installs or refreshes.</summary>
    internal Permission Permit(TransportAddress peer, bool isHairpin, Instant expiresAt)
    {
        int at = _permissions.FindIndex(known => known.Peer.SameAddress(peer));
        if (at >= 0 && _permissions[at].IsHairpin == isHairpin)
        {
            _permissions[at].ExpiresAt = expiresAt;
            return _permissions[at];
        }

        var permission = new Permission(peer, expiresAt) { IsHairpin = isHairpin };
        if (at >= 0) _permissions[at] = permission;
        else _permissions.Add(permission);
        foreach (var channel in _channels)
            if (channel.Peer.SameAddress(peer)) channel.Permission = permission;
        Tabulate(permission);
        return permission;
    }

    /// <summary>Binds or refreshes; the caller has checked that neither end is bound to another.</summary>
    internal void Bind(ushort number, TransportAddress peer, Permission permission, Instant expiresAt)
    {
        var channel = new ChannelBinding(number, peer, permission, expiresAt);
        int removed = _channels.RemoveAll(known => known.Number == number || known.Peer == peer);
        _channels.Add(channel);
        if (removed > 0) TabulateChannels();
        else Tabulate(channel);
    }

    /// <summary>Ends permissions before their time, and the channels with them.</summary>
    internal void Revoke(Predicate<Permission> isRevoked, Instant now)
    {
        foreach (var permission in _permissions)
            if (isRevoked(permission)) permission.ExpiresAt = now;
        _channels.RemoveAll(channel => channel.Permission.ExpiresAt <= now);
        _permissions.RemoveAll(permission => permission.ExpiresAt <= now);
    }

    /// <summary>Forgets what has run out.</summary>
    internal void Sweep(Instant now)
    {
        if (_channels.RemoveAll(channel => channel.ExpiresAt <= now) > 0) TabulateChannels();
        if (_permissions.RemoveAll(permission => permission.ExpiresAt <= now) > 0) TabulatePermissions();
    }

    internal Instant NextDeadline()
    {
        var next = ExpiresAt;
        foreach (var permission in _permissions) next = Instant.Earlier(next, permission.ExpiresAt);
        foreach (var channel in _channels) next = Instant.Earlier(next, channel.ExpiresAt);
        foreach (var connection in Connections) next = Instant.Earlier(next, connection.Deadline);
        return next;
    }
}
