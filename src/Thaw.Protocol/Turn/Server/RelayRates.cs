namespace Thaw.Protocol.Turn;

/// <summary>Limits of what is relayed, in bytes of payload a second; each way has its own.</summary>
public static class RelayRates
{
    /// <summary>What may come at once: as much as in one second.</summary>
    public static readonly TimeSpan Burst = TimeSpan.FromSeconds(1);

    /// <summary>Whoever is over a limit is told of once in so long.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    internal static double TicksPerByte(long bytesPerSecond) => bytesPerSecond <= 0 ? 0 : (double)TimeSpan.TicksPerSecond / bytesPerSecond;
}

/// <summary>A token bucket that is one number: when all that has passed would have passed at the rate.</summary>
internal struct RateBucket
{
    private double _paidUntil; // ticks

    /// <summary>True as long as no more than the burst is owed, however long the packet: so a long one passes at any rate.</summary>
    public bool TryTake(int bytes, double ticksPerByte, Instant now)
    {
        double from = Math.Max(_paidUntil, now.Ticks);
        if (from - now.Ticks > RelayRates.Burst.Ticks) return false;
        _paidUntil = from + bytes * ticksPerByte;
        return true;
    }
}

/// <summary>Bytes that a server has taken from the rate of all: it asks the ledger for many at once, so not for each packet.</summary>
internal struct RateLot
{
    private const int Largest = 64 * 1024;
    private const int LotsPerSecond = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5); // after a no, so that a flood does not ask for each packet

    private long _left;
    private Instant _asksAgainAt;

    public bool TryTake(int bytes, IRelayLedger ledger, bool toPeer, long bytesPerSecond, Instant now)
    {
        if (_left < bytes)
        {
            if (now < _asksAgainAt) return false;
            int lot = Math.Max(bytes, (int)Math.Min(Largest, bytesPerSecond / LotsPerSecond));
            if (!ledger.TryTakeBytes(toPeer, lot, now))
            {
                _asksAgainAt = now + Patience;
                return false;
            }

            _left += lot;
        }

        _left -= bytes;
        return true;
    }
}
