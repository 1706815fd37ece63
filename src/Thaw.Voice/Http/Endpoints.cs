using System.Diagnostics.Metrics;
using Thaw.Voice.Calls;
using Thaw.Voice.Watching;

namespace Thaw.Voice.Http;

/// <summary>Every route of the voice backend; Pipecat's own names, so that its clients and its documentation fit.</summary>
internal static class Endpoints
{
    private const int CandidatesPerOffer = 4; // Chrome posts two to four times a call

    private static readonly string[] SessionMethods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

    /// <param name="relay">The instruments of the relay inside; null where there is none.</param>
    public static void Map(WebApplication app, CallHost calls, VoiceServerOptions options, Meter? relay)
    {
        var cors = new Cors(options.AllowedOrigins);
        app.Use((context, next) => cors.Apply(context) ? Task.CompletedTask : next(context));
        app.Use((context, next) => ErrorBodies.InvokeAsync(context, next, calls.Log.RequestFaulted));

        var door = new OperatorDoor(options.MetricsToken);
        var metrics = new VoiceMetrics(calls, door, relay);
        app.Lifetime.ApplicationStopped.Register(metrics.Dispose);
        var limiter = new OfferLimiter(options.Limits.OffersPerSecond, options.Time);
        var candidates = new OfferLimiter(CandidatesPerOffer * options.Limits.OffersPerSecond, options.Time); // their own: one lost is a path lost
        var offers = new OfferEndpoint(calls, limiter, candidates);
        var verdicts = new VerdictEndpoint(calls, new(CandidatesPerOffer * options.Limits.OffersPerSecond, options.Time));
        app.MapPost("/start", new StartEndpoint(calls, limiter).PostAsync);
        app.MapGet("/api/ice-servers", new IceServersEndpoint(calls, limiter, door, options.RelayOnly).GetAsync);
        app.MapPost("/api/offer", offers.PostAsync);
        app.MapPatch("/api/offer", offers.PatchAsync);
        app.MapGet("/api/calls/{pc_id}/verdict", verdicts.GetAsync);
        app.MapPost("/sessions/{session}/api/offer", offers.PostAsync);
        app.MapPatch("/sessions/{session}/api/offer", offers.PatchAsync);
        app.MapMethods("/sessions/{session}/{**path}", SessionMethods, context => OtherSessionPath(context, calls));

        app.MapGet("/status", context => Write(context, new("ready", ["webrtc"])));
        app.MapGet("/healthz", context => Write(context, new("ok")));
        app.MapGet("/readyz", context => calls.IsDraining
            ? ErrorBodies.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is shutting down.")
            : Write(context, new("ready", IceSources: IceSourceBody.Of(calls.IceServers.States), IceServers: calls.Probes.Results is [] ? null : ProbedServerBody.Of(calls.Probes.Results))));
        app.MapGet("/metrics", metrics.WriteAsync);
        WebClient.Map(app);
    }

    // Pipecat's runner answers 200 with nothing to any other path of a session that exists.
    private static Task OtherSessionPath(HttpContext context, CallHost calls)
    {
        if (context.Request.RouteValues["session"] is not string id || !calls.HasSession(id))
            throw new HttpError(StatusCodes.Status404NotFound, "Invalid or not-yet-ready session_id");
        if (context.Request.RouteValues["path"] is not "api/offer") return Task.CompletedTask;

        context.Response.Headers.Allow = "POST, PATCH";
        throw new HttpError(StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
    }

    private static Task Write(HttpContext context, StatusBody body) => context.Response.WriteAsJsonAsync(body, VoiceJson.Default.StatusBody);
}
