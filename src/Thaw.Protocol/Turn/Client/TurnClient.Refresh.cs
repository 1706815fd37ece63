using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <remarks>
/// An allocation is refreshed at a quarter of its lifetime, so that one lost with the server is missed within minutes, and a
/// silent server has until the end to answer.
/// </remarks>
public sealed partial class TurnClient
{
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromSeconds(600); // RFC 8656 §3.2
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromHours(1);         // RFC 8656 §7.2
    private static readonly TimeSpan MinRefresh = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefreshRetry = TimeSpan.FromSeconds(10);

    private bool _isDoubtful;
    private GatheringFailure? _expiringBecause;

    /// <summary>Asks the server now whether it still holds the allocation: something else makes us doubt it.</summary>
    public void Verify(Instant now)
    {
        if (State is not TurnClientState.Allocated || _inFlight.Exists(static t => t.Purpose is TurnPurpose.Refresh)) return;
        Refresh(now);
    }

    private void Refresh(Instant now)
    {
        _timers.Stop(Timer.Refresh);
        if (State is TurnClientState.Allocated) Begin(TurnPurpose.Refresh, now);
    }

    private void OnRefreshed(TurnTransaction request, in StunReader answer)
    {
        var lifetime = ReadLifetime(answer);
        if (lifetime == TimeSpan.Zero)
        {
            End(new TurnClientEvent.Lost(GatheringFailure.BadAnswer, 0));
            return;
        }

        Renew(lifetime, request.BeganAt);
        if (!_isDoubtful) return;
        _isDoubtful = false;
        Tell(new TurnClientEvent.TrustChanged(default));
    }

    private void OnRefreshRefused(GatheringFailure cause, int code, Instant now)
    {
        switch (cause)
        {
            case GatheringFailure.AllocationMismatch: // 437: the server was restarted, or sees us at another address
                End(new TurnClientEvent.Lost(cause, code));
                break;
            case GatheringFailure.Unauthorized or GatheringFailure.WrongCredentials or GatheringFailure.NonceLoop
                or GatheringFailure.BidDown or GatheringFailure.BadChallenge or GatheringFailure.NoCredential:
                // What runs may run on to its end; there is no use in asking, nor in offering it to anybody.
                _expiringBecause = cause;
                State = TurnClientState.Expiring;
                Tell(new TurnClientEvent.TrustChanged(cause));
                break;
            default:
                _timers.Set(Timer.Refresh, now + RefreshRetry);
                if (_isDoubtful) break;
                _isDoubtful = true;
                Tell(new TurnClientEvent.TrustChanged(cause));
                break;
        }
    }

    /// <summary>Counts from the request, so never later than the server does.</summary>
    private void Renew(TimeSpan lifetime, Instant from)
    {
        var refresh = lifetime / 4;
        _timers.Set(Timer.Refresh, from + (refresh > MinRefresh ? refresh : MinRefresh));
        _timers.Set(Timer.Expiry, from + lifetime);
    }

    private static TimeSpan ReadLifetime(in StunReader answer)
    {
        if (!answer.TryFind(StunAttributeType.Lifetime, out var attribute) || !attribute.TryReadUInt32(out uint seconds)) return DefaultLifetime;
        return seconds < MaxLifetime.TotalSeconds ? TimeSpan.FromSeconds(seconds) : MaxLifetime;
    }
}
