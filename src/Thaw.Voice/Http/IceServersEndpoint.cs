using Thaw.Voice.Calls;
using Thaw.Voice.Relaying;

namespace Thaw.Voice.Http;

/// <summary>GET /api/ice-servers: the servers that a page passes to its RTCPeerConnection, for clients that do not use <c>/start</c>.</summary>
internal sealed class IceServersEndpoint(CallHost calls, OfferLimiter limiter, bool relayOnly)
{
    public async Task GetAsync(HttpContext context)
    {
        limiter.Admit(context);
        await calls.IceServers.WarmUpAsync(context.RequestAborted);
        var set = calls.IceServersFor(null, CallerHost.Of(context), Reach.Of(context));
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsJsonAsync(IceServersBody.Of(set, relayOnly, calls.Time.GetUtcNow()), VoiceJson.Default.IceServersBody);
    }
}
