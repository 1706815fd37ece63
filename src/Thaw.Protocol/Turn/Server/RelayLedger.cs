namespace Thaw.Protocol.Turn;

/// <summary>
/// Who has how much, and which ports are promised. Servers side by side on one port keep one ledger: a client's second
/// allocation may come to another of them. A host whose servers run on several threads puts a lock around it.
/// </summary>
public interface IRelayLedger
{
    /// <summary>Relayed addresses of all, reserved ones included.</summary>
    int Count { get; }

    /// <summary>Books relayed addresses, all or none.</summary>
    /// <returns>The limit that is in the way, or null.</returns>
    RelayLimit? TryTake(string account, int count);

    void Release(string account);

    /// <summary>Promises a booked, unopened port to whoever of the account brings the token in time (RFC 8656 §7.2).</summary>
    /// <returns>False where the port or the token is promised already.</returns>
    bool TryReserve(ulong token, Reservation reservation);

    /// <summary>Fulfils the promise; what was booked for it belongs to the caller from now on.</summary>
    Reservation? TryClaim(ulong token, string account, Instant now);

    bool IsReserved(TransportAddress local);

    /// <summary>Forgets promises that nobody came for.</summary>
    void Expire(Instant now);

    /// <summary>From now on. Whoever has more than a new limit keeps it and gets no more.</summary>
    /// <param name="totalRate">Bytes a second of all, each way; 0: no limit.</param>
    void SetLimits(int totalQuota, int userQuota, long totalRate);

    /// <summary>Books bytes of one way on the rate of all.</summary>
    bool TryTakeBytes(bool toPeer, int bytes, Instant now);
}

public enum RelayLimit { User, Total }

/// <summary>A port that is kept for a later Allocate.</summary>
public sealed record Reservation(TransportAddress Local, string Account, Instant ExpiresAt);

/// <summary>The ledger itself, for one owner.</summary>
public sealed class RelayLedger : IRelayLedger
{
    private readonly Dictionary<string, int> _taken = []; // no longer than the total quota
    private readonly Dictionary<ulong, Reservation> _reservations = [];
    private readonly HashSet<TransportAddress> _reserved = [];
    private int _totalQuota;
    private int _userQuota;
    private double _ticksPerByte;
    private RateBucket _toPeers, _toClients;

    public RelayLedger(int totalQuota, int userQuota, long totalRate = 0) => SetLimits(totalQuota, userQuota, totalRate);

    public int Count { get; private set; }

    public RelayLimit? TryTake(string account, int count)
    {
        int taken = _taken.GetValueOrDefault(account);
        if (count > _totalQuota - Count) return RelayLimit.Total;
        if (count > _userQuota - taken) return RelayLimit.User;
        _taken[account] = taken + count;
        Count += count;
        return null;
    }

    public void Release(string account)
    {
        Count--;
        if (--_taken[account] == 0) _taken.Remove(account);
    }

    public bool TryReserve(ulong token, Reservation reservation)
    {
        if (_reserved.Contains(reservation.Local) || !_reservations.TryAdd(token, reservation)) return false;
        _reserved.Add(reservation.Local);
        return true;
    }

    public Reservation? TryClaim(ulong token, string account, Instant now)
    {
        if (!_reservations.TryGetValue(token, out var reservation) || reservation.Account != account || reservation.ExpiresAt <= now) return null;
        Forget(token, reservation);
        return reservation;
    }

    public bool IsReserved(TransportAddress local) => _reserved.Contains(local);

    public void Expire(Instant now)
    {
        foreach (var (token, reservation) in _reservations)
        {
            if (reservation.ExpiresAt > now) continue;
            Forget(token, reservation);
            Release(reservation.Account);
        }
    }

    public void SetLimits(int totalQuota, int userQuota, long totalRate)
        => (_totalQuota, _userQuota, _ticksPerByte) = (totalQuota, userQuota, RelayRates.TicksPerByte(totalRate));

    public bool TryTakeBytes(bool toPeer, int bytes, Instant now) => (toPeer ? ref _toPeers : ref _toClients).TryTake(bytes, _ticksPerByte, now);

    private void Forget(ulong token, Reservation reservation)
    {
        _reservations.Remove(token);
        _reserved.Remove(reservation.Local);
    }
}
