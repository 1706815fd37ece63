using Thaw.Voice.Http;
using Thaw.Voice.Rtvi;

namespace Thaw.Voice.Calls;

/// <remarks>
/// A relay judges a credential at every refresh: one that expires in mid-call ends the relayed path. So a client that was
/// given some by <c>/start</c> is sent new ones when half of their life is over, for its next connection or restart.
/// </remarks>
internal sealed partial class Call
{
    private static readonly TimeSpan SoonestRenewal = TimeSpan.FromSeconds(30), LatestRenewal = TimeSpan.FromDays(1); // timers last 49 days

    private void WatchIceServers()
    {
        if (Session?.Ice is not { ExpiresAt: { } end }) return;
        var half = (end - _host.Time.GetUtcNow()) / 2;
        _deadlines.Set(Deadline.IceServers, _host.Now + (half < SoonestRenewal ? SoonestRenewal : half < LatestRenewal ? half : LatestRenewal));
    }

    private void RenewIceServers()
    {
        if (Session?.Ice is not { ExpiresAt: { } end } given) return;
        var set = _host.IceServersFor(Session, given.Host, given.Reached);
        if (set.Servers is not [] && (set.ExpiresAt is null || set.ExpiresAt > end)) _sender.TrySend(RtviWriter.IceServers(IceServersBody.Of(set, relayOnly: null, _host.Time.GetUtcNow())));
        else Session.Ice = given; // a provider is down: again when half of what is left is over
        WatchIceServers();
    }
}
