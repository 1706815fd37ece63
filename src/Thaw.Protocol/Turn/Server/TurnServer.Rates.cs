namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    private bool _isRateLimited; // all that a packet pays for where there is no limit
    private double _ticksPerByte;
    private RateLot _lotToPeers, _lotToClients;
    private Instant _totalRateToldUntil;

    private void SetRates()
    {
        _ticksPerByte = RelayRates.TicksPerByte(_options.MaxRate);
        _isRateLimited = _options.MaxRate > 0 || _options.TotalRate > 0;
    }

    /// <summary>Counts and, once in a while, tells what does not.</summary>
    private bool MayPass(Allocation allocation, bool toPeer, int bytes, Instant now)
    {
        ref var bucket = ref toPeer ? ref allocation.RateToPeers : ref allocation.RateToClient;
        if (_ticksPerByte > 0 && !bucket.TryTake(bytes, _ticksPerByte, now))
        {
            if (now >= allocation.RateToldUntil)
            {
                allocation.RateToldUntil = now + RelayRates.Window;
                Note(new Observation.RateExceeded(allocation.User, _options.MaxRate));
            }

            return Drop(RelayDrop.OverRate);
        }

        ref var lot = ref toPeer ? ref _lotToPeers : ref _lotToClients;
        if (_options.TotalRate > 0 && !lot.TryTake(bytes, _ledger, toPeer, _options.TotalRate, now))
        {
            if (now >= _totalRateToldUntil)
            {
                _totalRateToldUntil = now + RelayRates.Window;
                Note(new Observation.RateExceeded(User: null, _options.TotalRate));
            }

            return Drop(RelayDrop.OverTotalRate);
        }

        return true;
    }
}
