namespace Thaw.Protocol.Turn;

/// <summary>Whom one allocation talks to: permissions by IP address, peers by transport address, channels by number. All bounded.</summary>
internal sealed class TurnPeers(int maxPermissions)
{
    public const int MaxPeers = 4096;

    private const ushort FirstChannel = 0x4000; // RFC 8656 §12: 0x4000–0x4FFF; RFC 5766's servers take these too
    private const int ChannelCount = 0x1000;

    private readonly Dictionary<TransportAddress, TurnPermission> _permissions = [];
    private readonly Dictionary<TransportAddress, TurnPeer> _peers = [];
    private TurnPeer?[] _channels = [];
    private int _nextChannel;

    public Dictionary<TransportAddress, TurnPermission>.ValueCollection Permissions => _permissions.Values;

    public Dictionary<TransportAddress, TurnPeer>.ValueCollection Peers => _peers.Values;

    public TurnPeer? Find(TransportAddress peer) => _peers.GetValueOrDefault(peer);

    public TurnPermission? FindPermission(TransportAddress peer) => _permissions.GetValueOrDefault(peer.WithPort(0));

    public TurnPeer? FindChannel(ushort number)
        => number - FirstChannel is >= 0 and var index && index < _channels.Length ? _channels[index] : null;

    /// <returns>Null where the table is full of peers that still hold a channel.</returns>
    public TurnPeer? Add(TransportAddress address, Instant now)
    {
        if (_peers.Count >= MaxPeers && !TryEvictPeer(now)) return null;
        var peer = new TurnPeer(address);
        _peers.Add(address, peer);
        return peer;
    }

    /// <summary>The peer's permission, made if there is none; the one that made way, if any, is <paramref name="evicted"/>.</summary>
    public TurnPermission Permit(TurnPeer peer, out TurnPermission? evicted)
    {
        evicted = null;
        var key = peer.Address.WithPort(0);
        if (!_permissions.TryGetValue(key, out var permission))
        {
            if (_permissions.Count >= maxPermissions) Remove(evicted = LeastUsed());
            _permissions.Add(key, permission = new TurnPermission(key));
        }

        return peer.Permission = permission;
    }

    public void Remove(TurnPermission permission)
    {
        permission.State = TurnPermissionState.Gone;
        _permissions.Remove(permission.Address);
    }

    /// <summary>Drops peers without a permission that hold no channel any more.</summary>
    public void Sweep(Instant now)
    {
        foreach (var peer in _peers.Values)
        {
            if (peer.Permission is { State: not TurnPermissionState.Gone } || (peer.Channel != 0 && (peer.HeldUntil > now || peer.IsBindAsked))) continue;
            Remove(peer);
        }
    }

    /// <summary>Gives the peer a number that nobody holds.</summary>
    public bool TryAssignChannel(TurnPeer peer, Instant now)
    {
        if (_channels.Length == 0) _channels = new TurnPeer?[ChannelCount];
        for (int tried = 0; tried < ChannelCount; tried++)
        {
            int index = _nextChannel;
            _nextChannel = (_nextChannel + 1) % ChannelCount;
            if (_channels[index] is { } holder)
            {
                if (holder.HeldUntil > now || holder.IsBindAsked) continue;
                holder.Channel = 0;
            }

            _channels[index] = peer;
            peer.Channel = (ushort)(FirstChannel + index);
            return true;
        }

        return false;
    }

    private void Remove(TurnPeer peer)
    {
        if (peer.Channel != 0) _channels[peer.Channel - FirstChannel] = null;
        _peers.Remove(peer.Address);
    }

    // Those that never said anything go first: a flood of candidates cannot push out a call.
    private TurnPermission LeastUsed()
    {
        TurnPermission? least = null;
        foreach (var permission in _permissions.Values)
            if (least is null || (permission.IsHeard, permission.UsedAt).CompareTo((least.IsHeard, least.UsedAt)) < 0) least = permission;
        return least!;
    }

    private bool TryEvictPeer(Instant now)
    {
        TurnPeer? least = null;
        foreach (var peer in _peers.Values)
        {
            if (peer.Channel != 0 && (peer.HeldUntil > now || peer.IsBindAsked)) continue;
            if (least is null || (peer.IsHeard, peer.UsedAt).CompareTo((least.IsHeard, least.UsedAt)) < 0) least = peer;
        }

        if (least is null) return false;
        Remove(least);
        return true;
    }
}
