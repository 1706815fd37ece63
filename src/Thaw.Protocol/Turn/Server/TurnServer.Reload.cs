namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    /// <summary>
    /// Other accounts, limits and rules, between two inputs. Allocations stay, with the keys they were made with; peers that
    /// are no longer allowed are cut off at once. The realm, the offer of SHA-256, the relay addresses, their ports and the nonce
    /// key remain as they were: clients hold them.
    /// </summary>
    /// <exception cref="ArgumentException">They contradict each other. Nothing has changed then.</exception>
    public void Reload(TurnServerOptions options, Instant now)
    {
        var fresh = Reloadable(_options, options);
        var accounts = new TurnAccounts(fresh);
        bool isOtherPolicy = fresh.Policy != _options.Policy;

        (_options, _accounts) = (fresh, accounts);
        _nonces = new ServerNonce(_nonceKey, accounts.Features, fresh.NonceLifetime);
        _budget.SetRates(fresh.UnprovenAnswersPerSecond, fresh.UnprovenAnswersAtOnce);
        _ledger.SetLimits(fresh.TotalQuota, fresh.UserQuota, fresh.TotalRate);
        SetRates();
        if (!isOtherPolicy) return;
        foreach (var allocation in _allocations.Values) allocation.Revoke(permission => !IsStillAllowed(permission), now);
    }

    /// <summary>What a reload makes of <paramref name="options"/>: the parts that may change, the rest from <paramref name="before"/>.</summary>
    /// <exception cref="ArgumentException">They contradict each other.</exception>
    public static TurnServerOptions Check(TurnServerOptions before, TurnServerOptions options)
    {
        var fresh = Reloadable(before, options);
        _ = new TurnAccounts(fresh);
        return fresh;
    }

    private static TurnServerOptions Reloadable(TurnServerOptions before, TurnServerOptions options) => options with
    {
        Realm = before.Realm,
        OffersSha256 = before.OffersSha256,
        OAuthServerName = options.OAuthServerName ?? before.OAuthServerName,
        RelayAddresses = before.RelayAddresses,
        FirstRelayPort = before.FirstRelayPort,
        LastRelayPort = before.LastRelayPort,
        NonceKey = before.NonceKey,
    };

    private bool IsStillAllowed(Permission permission)
        => IsHairpin(permission.Peer) == permission.IsHairpin && (permission.IsHairpin || _options.Policy.JudgeAddress(permission.Peer) is null);
}
