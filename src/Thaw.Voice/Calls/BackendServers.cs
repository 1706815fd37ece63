using Thaw.IceServers;
using Thaw.Net;

namespace Thaw.Voice.Calls;

/// <summary>Keeps our own gatherer supplied from the same sources that browsers are.</summary>
internal static class BackendServers
{
    /// <summary>Until the calls' host is disposed. Never faulted.</summary>
    public static async Task FeedAsync(CallHost calls, PeerHost peers, IceServerLog log)
    {
        try
        {
            await calls.IceServers.WarmUpAsync(CancellationToken.None); // one look-up for all that come at once
            await calls.IceServers.FollowBackendAsync(set => Take(set, peers, log), CancellationToken.None);
        }
        catch (Exception e)
        {
            calls.Log.BackendServersFaulted(e);
        }
    }

    private static void Take(IceServerSet set, PeerHost peers, IceServerLog log)
    {
        log.Servers = set.Servers;
        peers.SetIceServers(set.Servers);
    }
}
