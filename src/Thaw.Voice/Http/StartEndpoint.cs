using System.Text.Json;
using Thaw.IceServers;
using Thaw.Voice.Calls;
using Thaw.Voice.Relaying;
using Thaw.Voice.Rtvi;

namespace Thaw.Voice.Http;

/// <summary>POST /start: gives out a session, so that a lost answer or a restart finds its agent again.</summary>
internal sealed class StartEndpoint(CallHost calls, OfferLimiter limiter, IIceServerSource? relay)
{
    public async Task PostAsync(HttpContext context)
    {
        if (calls.IsDraining) throw Busy("The server is shutting down.");
        limiter.Admit(context);

        var body = await RequestBody.TryReadObjectAsync(context.Request, calls.Limits.StartBody, calls.BodyPatience);
        var session = calls.StartSession(Read(body)) ?? throw Busy("Too many sessions.");
        var granted = relay is null ? IceServerGrant.None
            : await relay.MintAsync(new IceServerRequest(IceAudience.Browser, session.Id, default) { ReachedBy = Reach.Of(context) }, context.RequestAborted);
        var config = granted.Servers is [] ? null : new IceConfigBody([.. granted.Servers.Select(s => new IceServerBody(s.Urls, s.Username, s.Credential))]);
        await context.Response.WriteAsJsonAsync(new StartAnswer(session.Id, config), VoiceJson.Default.StartAnswer);
    }

    /// <summary>The application's own data in it, if any.</summary>
    internal static JsonElement? Read(JsonElement? body)
    {
        if (body?.Text("transport") is { } transport and not "webrtc")
            throw new HttpError(StatusCodes.Status400BadRequest, $"Unsupported transport \"{transport}\": this server speaks webrtc.");
        return body?.Member("body") is { ValueKind: not JsonValueKind.Null } data ? data : null;
    }

    private static HttpError Busy(string detail) => new(StatusCodes.Status503ServiceUnavailable, detail);
}
