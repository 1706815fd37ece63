using Thaw.Voice.Calls;

namespace Thaw.Voice.Http;

/// <summary>
/// What became of an attempt to connect, for a client that asks while it waits: the server knows 7 to 12 s before a browser does.
/// </summary>
internal sealed class VerdictEndpoint(CallHost calls, OfferLimiter limiter)
{
    /// <summary>Answers at once: 202 until the attempt has failed, 200 with the reason after it.</summary>
    public Task GetAsync(HttpContext context)
    {
        limiter.Admit(context);
        context.Response.Headers.CacheControl = "no-store";
        if (context.Request.RouteValues["pc_id"] is not string id || !calls.TryFindVerdict(id, out string? verdict))
            throw new HttpError(StatusCodes.Status404NotFound, "Peer connection not found");

        context.Response.StatusCode = verdict is null ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;
        var body = verdict is null ? new VerdictBody("open") : new VerdictBody("final", "failed", verdict);
        return context.Response.WriteAsJsonAsync(body, VoiceJson.Default.VerdictBody);
    }
}
