using Thaw.Voice.Calls;
using Thaw.Voice.Relaying;
using Thaw.Voice.Watching;

namespace Thaw.Voice.Http;

/// <summary>
/// GET /api/ice-servers: the servers that a page passes to its RTCPeerConnection, for clients that do not use <c>/start</c>.
/// With <c>?probe=1</c> and for an operator, also what they are worth now.
/// </summary>
internal sealed class IceServersEndpoint(CallHost calls, OfferLimiter limiter, OperatorDoor door, bool relayOnly)
{
    public async Task GetAsync(HttpContext context)
    {
        limiter.Admit(context);
        bool isProbe = context.Request.Query["probe"] == "1";
        if (isProbe) door.Admit(context);
        await calls.IceServers.WarmUpAsync(context.RequestAborted);
        var probed = isProbe ? ProbedServerBody.Of(await calls.Probes.NowAsync().WaitAsync(context.RequestAborted)) : null;
        var set = calls.IceServersFor(null, CallerHost.Of(context), Reach.Of(context));
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsJsonAsync(IceServersBody.Of(set, relayOnly, calls.Time.GetUtcNow()) with { Probes = probed }, VoiceJson.Default.IceServersBody);
    }
}
