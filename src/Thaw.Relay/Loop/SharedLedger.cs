using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Loop;

/// <summary>One ledger for all loops. The lock is taken to allocate, to end, and for a lot of many packets' bytes; never for a packet.</summary>
internal sealed class SharedLedger(int totalQuota, int userQuota, long totalRate) : IRelayLedger
{
    private readonly RelayLedger _ledger = new(totalQuota, userQuota, totalRate);
    private readonly Lock _lock = new();

    public int Count
    {
        get
        {
            lock (_lock) return _ledger.Count;
        }
    }

    public RelayLimit? TryTake(string account, int count)
    {
        lock (_lock) return _ledger.TryTake(account, count);
    }

    public void Release(string account)
    {
        lock (_lock) _ledger.Release(account);
    }

    public bool TryReserve(ulong token, Reservation reservation)
    {
        lock (_lock) return _ledger.TryReserve(token, reservation);
    }

    public Reservation? TryClaim(ulong token, string account, Instant now)
    {
        lock (_lock) return _ledger.TryClaim(token, account, now);
    }

    public bool IsReserved(TransportAddress local)
    {
        lock (_lock) return _ledger.IsReserved(local);
    }

    public void Expire(Instant now)
    {
        lock (_lock) _ledger.Expire(now);
    }

    public void SetLimits(int totalQuota, int userQuota, long totalRate)
    {
        lock (_lock) _ledger.SetLimits(totalQuota, userQuota, totalRate);
    }

    public bool TryTakeBytes(bool toPeer, int bytes, Instant now)
    {
        lock (_lock) return _ledger.TryTakeBytes(toPeer, bytes, now);
    }
}
