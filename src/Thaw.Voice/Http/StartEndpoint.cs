using System.Text.Json;
using Thaw.Voice.Calls;
using Thaw.Voice.Relaying;
using Thaw.Voice.Rtvi;

namespace Thaw.Voice.Http;

/// <summary>POST /start: gives out a session, so that a lost answer or a restart finds its agent again.</summary>
internal sealed class StartEndpoint(CallHost calls, OfferLimiter limiter)
{
    public async Task PostAsync(HttpContext context)
    {
        if (calls.IsDraining) throw Busy("The server is shutting down.");
        limiter.Admit(context);

        var body = await RequestBody.TryReadObjectAsync(context.Request, calls.Limits.StartBody, calls.BodyPatience);
        var session = calls.StartSession(Read(body)) ?? throw Busy("Too many sessions.");
        await calls.IceServers.WarmUpAsync(context.RequestAborted);
        var ice = calls.IceServersFor(session, CallerHost.Of(context), Reach.Of(context));
        await context.Response.WriteAsJsonAsync(new StartAnswer(session.Id, IceConfigBody.Of(ice)), VoiceJson.Default.StartAnswer);
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
