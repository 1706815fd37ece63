namespace Thaw.Protocol.Turn;

/// <remarks>
/// The first packet to a peer asks for a permission and waits for it. Then packets flow as Send indications, and once the
/// peer was heard, or we keep talking, on a channel. What is used is kept; what is idle ends by itself.
/// </remarks>
public sealed partial class TurnClient
{
    private const int MaxWaiting = 256;           // packets, for all permissions that are pending
    private const int SentBeforeChannel = 16;     // to a peer that never says anything

    private static readonly TimeSpan PermissionLifetime = TimeSpan.FromMinutes(5); // RFC 8656 §9
    private static readonly TimeSpan ChannelLifetime = TimeSpan.FromMinutes(10);   // RFC 8656 §12
    private static readonly TimeSpan ChannelHold = TimeSpan.FromMinutes(5);        // RFC 8656 §12.2: before another use
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan IdleAfter = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan UpkeepPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefusedFor = TimeSpan.FromMinutes(1);         // a policy: asking again soon is in vain
    private static readonly TimeSpan FailedFor = TimeSpan.FromSeconds(5);          // a timeout, a full server
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);          // RFC 8445 §14.2: Ta's lower bound

    private readonly TurnPeers _peers;
    private readonly Queue<TurnPermission> _wanted = new();
    private readonly Queue<TurnPeer> _wantedChannels = new();
    private readonly Queue<(TurnPeer Peer, byte[] Payload)> _flush = new();
    private int _waiting;

    private void Want(TurnPermission permission)
    {
        if (permission.IsAsked) return;
        permission.IsAsked = true;
        if (_wanted.Count >= 2 * _maxPermissions) ForgetGone();
        _wanted.Enqueue(permission);
        _isSettled = false;
        if (!_timers.IsSet(Timer.Upkeep)) _timers.Set(Timer.Upkeep, permission.UsedAt + UpkeepPeriod);
    }

    /// <summary>Those that made way still stand in the queue: no more of them than of the others.</summary>
    private void ForgetGone()
    {
        for (int i = _wanted.Count; i > 0; i--)
            if (_wanted.Dequeue() is { State: not TurnPermissionState.Gone } permission) _wanted.Enqueue(permission);
    }

    private void ConsiderChannel(TurnPeer peer, Instant now)
    {
        if (peer.IsBindAsked || now < peer.BoundUntil || now < peer.BindAgainAt) return;
        if (!peer.IsHeard && peer.Sent < SentBeforeChannel) return;
        if (peer.Channel == 0 && !_peers.TryAssignChannel(peer, now))
        {
            peer.BindAgainAt = now + RefusedFor; // every number is in use or held: indications do as well
            return;
        }

        WantChannel(peer);
    }

    private void WantChannel(TurnPeer peer)
    {
        if (peer.IsBindAsked) return;
        peer.IsBindAsked = true;
        _wantedChannels.Enqueue(peer);
        _isSettled = false;
    }

    /// <summary>One request each <see cref="Pace"/>, permissions before channels: nobody can make us flood the server.</summary>
    private void StartPeerRequests(Instant now)
    {
        while (State is TurnClientState.Allocated or TurnClientState.Expiring && !_timers.IsSet(Timer.Pace) && _inFlight.Count < MaxInFlight)
        {
            if (_wanted.TryDequeue(out var permission))
            {
                if (permission.State is TurnPermissionState.Gone) continue;
                Begin(TurnPurpose.Permit, now, permission: permission);
            }
            else if (_wantedChannels.TryDequeue(out var peer))
            {
                peer.HeldUntil = now + ChannelLifetime + ChannelHold; // even if we never hear that it was bound
                Begin(TurnPurpose.Bind, now, peer: peer);
            }
            else
            {
                return;
            }

            _timers.Set(Timer.Pace, now + Pace);
        }
    }

    private void OnPermitted(TurnTransaction request)
    {
        var permission = request.Permission!;
        permission.IsAsked = false;
        if (permission.State is TurnPermissionState.Gone) return;
        Grant(permission, request.BeganAt);
    }

    private void Grant(TurnPermission permission, Instant from)
    {
        permission.State = TurnPermissionState.Granted;
        permission.Until = from + PermissionLifetime;
        while (permission.Waiting is not null && permission.Waiting.TryDequeue(out var packet)) _flush.Enqueue(packet);
        permission.Waiting = null;
    }

    private void OnPermitRefused(TurnTransaction request, GatheringFailure cause, int code, Instant now)
    {
        var permission = request.Permission!;
        permission.IsAsked = false;
        if (!StillAllocated(cause, code) || permission.State is TurnPermissionState.Gone) return;

        bool isPolicy = cause is GatheringFailure.Forbidden or GatheringFailure.FamilyNotSupported;
        if (!isPolicy)
        {
            Verify(now);
            if (permission.State is TurnPermissionState.Granted) return; // upkeep asks again, as long as it lasts
        }

        Refuse(permission, now + (isPolicy ? RefusedFor : FailedFor));
        if (code != 0) Tell(new TurnClientEvent.PeerRefused(RelayedFor(permission.Address), permission.Address, code));
    }

    private void Refuse(TurnPermission permission, Instant until)
    {
        permission.State = TurnPermissionState.Refused;
        permission.Until = until;
        Forget(permission);
    }

    private void OnBound(TurnTransaction request)
    {
        var peer = request.Peer!;
        peer.IsBindAsked = false;
        peer.BoundUntil = request.BeganAt + ChannelLifetime;
        peer.HeldUntil = peer.BoundUntil + ChannelHold;
        if (peer.Permission is { State: not TurnPermissionState.Gone } permission) Grant(permission, request.BeganAt); // RFC 8656 §12.1
    }

    private void OnBindRefused(TurnTransaction request, GatheringFailure cause, int code, Instant now)
    {
        var peer = request.Peer!;
        peer.IsBindAsked = false;
        if (!StillAllocated(cause, code)) return;
        peer.BindAgainAt = now + (cause is GatheringFailure.Timeout ? FailedFor : RefusedFor); // indications go on
    }

    private bool StillAllocated(GatheringFailure cause, int code)
    {
        if (cause is not GatheringFailure.AllocationMismatch) return true;
        End(new TurnClientEvent.Lost(cause, code));
        return false;
    }

    private void Upkeep(Instant now)
    {
        bool any = false;
        foreach (var permission in _peers.Permissions)
        {
            bool isUsed = permission.UsedAt + IdleAfter > now;
            if (permission.State is TurnPermissionState.Granted && isUsed && permission.Until + -RenewBefore <= now) Want(permission);
            else if (permission.State is TurnPermissionState.Granted or TurnPermissionState.Refused && permission.Until <= now && !isUsed) Remove(permission);
            any |= permission.State is not TurnPermissionState.Gone;
        }

        foreach (var peer in _peers.Peers)
        {
            bool isUsed = peer.UsedAt + IdleAfter > now;
            if (isUsed && peer.BoundUntil > now && peer.BoundUntil + -RenewBefore <= now && now >= peer.BindAgainAt) WantChannel(peer);
            any |= peer.Channel != 0;
        }

        _peers.Sweep(now);
        if (any) _timers.Set(Timer.Upkeep, now + UpkeepPeriod);
    }

    private void Remove(TurnPermission permission)
    {
        Forget(permission);
        _peers.Remove(permission);
    }

    private void Forget(TurnPermission permission)
    {
        int waiting = permission.Waiting?.Count ?? 0;
        Dropped += waiting;
        _waiting -= waiting;
        permission.Waiting = null;
    }
}
