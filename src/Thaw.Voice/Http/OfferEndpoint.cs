using System.Net;
using System.Text.Json;
using Thaw.Voice.Calls;

namespace Thaw.Voice.Http;

/// <summary>POST offers and PATCH candidates, with or without a session.</summary>
internal sealed class OfferEndpoint(CallHost calls, OfferLimiter offers, OfferLimiter candidates)
{
    private const int MaxCandidates = 256; // Chrome: interfaces × m-lines × transports, some dozens
    private const int MaxLine = 1024;      // as the SDP parser

    private static readonly byte[] Success = """{"status":"success"}"""u8.ToArray();

    public async Task PostAsync(HttpContext context)
    {
        string? session = context.Request.RouteValues["session"] as string;
        bool isKnown = session is null || calls.HasSession(session);
        if (!isKnown && !Sessions.IsName(session!)) throw NoSession();
        offers.Admit(context);
        var body = await RequestBody.ReadAsync(context.Request, VoiceJson.Default.OfferBody, calls.Limits.RequestBody, calls.BodyPatience);

        // After a crash of ours the stock client calls its session again, with the pc_id of the call that it had: 404 would end it for good.
        if (!isKnown && (string.IsNullOrEmpty(body.PcId) || !calls.AdoptSession(session!))) throw NoSession();
        var caller = context.Connection.RemoteIpAddress;
        var offer = Read(body, session, nearby: caller is null || IPAddress.IsLoopback(caller), CallerOf(context)) with { From = FromOf(context) };

        // A deadline of our own: the stock client has none and waits in "connecting" for ever.
        using var deadline = new CancellationTokenSource(calls.Budget.Signalling, calls.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.RequestAborted);
        OfferResult result;
        try
        {
            result = await calls.OfferAsync(offer, either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            result = new OfferResult.Busy("The answer took too long.");
        }

        switch (result)
        {
            case OfferResult.Answered answered:
                await context.Response.WriteAsJsonAsync(new AnswerBody(answered.Sdp, "answer", answered.PcId), VoiceJson.Default.AnswerBody);
                break;
            case OfferResult.Refused refused: throw new HttpError(refused.Status, refused.Detail);
            case OfferResult.Busy busy: throw new HttpError(StatusCodes.Status503ServiceUnavailable, busy.Detail);
        }
    }

    /// <summary>Answers at once: the stock client awaits this before it believes that it is connected.</summary>
    public async Task PatchAsync(HttpContext context)
    {
        RequireSession(context);
        candidates.Admit(context);
        var body = await RequestBody.ReadAsync(context.Request, VoiceJson.Default.CandidatesBody, calls.Limits.RequestBody, calls.BodyPatience);
        switch (calls.Trickle(body.PcId!, Read(body), out string verdict))
        {
            case TrickleResult.Concluded: throw new HttpError(StatusCodes.Status409Conflict, verdict);
            case TrickleResult.Unknown: throw new HttpError(StatusCodes.Status404NotFound, "Peer connection not found");
            case TrickleResult.Busy: throw new HttpError(StatusCodes.Status503ServiceUnavailable, "This call has too much to do.");
        }

        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(Success);
    }

    // Behind a proxy only the header tells clients apart. It is believed in nothing: a client that forges it gets another attempt.
    private static string CallerOf(HttpContext context)
    {
        string forwarded = context.Request.Headers["X-Forwarded-For"].ToString();
        return $"{context.Connection.RemoteIpAddress} {(forwarded.Length <= MaxLine ? forwarded : "")}";
    }

    // A proxy's own address says nothing of the client; the first that it forwards is the client's, as far as anyone knows.
    private static IPAddress? FromOf(HttpContext context)
    {
        string forwarded = context.Request.Headers["X-Forwarded-For"].ToString();
        string first = forwarded.Split(',', 2)[0].Trim();
        return first.Length is > 0 and <= 45 && IPAddress.TryParse(first, out var told) ? told : context.Connection.RemoteIpAddress;
    }

    private void RequireSession(HttpContext context)
    {
        if (context.Request.RouteValues["session"] is string id && !calls.HasSession(id)) throw NoSession();
    }

    private static HttpError NoSession() => new(StatusCodes.Status404NotFound, "Invalid or not-yet-ready session_id");

    internal static Offer Read(OfferBody body, string? session, bool nearby, string? caller = null)
    {
        if (string.IsNullOrWhiteSpace(body.Sdp)) throw Bad("sdp is missing.");
        if (body.Type is not "offer") throw Bad("type must be \"offer\".");

        return new(
            body.Sdp,
            string.IsNullOrEmpty(body.PcId) ? null : body.PcId,
            body.RestartPc is true,
            Present(body.RequestDataCamel) ?? Present(body.RequestDataSnake),
            session,
            nearby,
            caller);
    }

    internal static IReadOnlyList<TrickledCandidate> Read(CandidatesBody body)
    {
        if (string.IsNullOrEmpty(body.PcId)) throw Bad("pc_id is missing.");
        if (body.Candidates is not { Count: <= MaxCandidates } all) throw Bad($"candidates must be a list of at most {MaxCandidates}.");
        if (all.Any(c => c?.Candidate is not { Length: <= MaxLine })) throw Bad($"Each candidate needs a candidate line of at most {MaxLine} characters.");

        // Browsers trickle for every m-line, but all sections are bundled on the first: the other ports are closed by now.
        return [.. all.Where(c => c!.SdpMLineIndex is null or 0).Select(c => TrickledCandidate.Of(c!.Candidate!))];
    }

    private static JsonElement? Present(JsonElement? value) => value is { ValueKind: not JsonValueKind.Null } ? value : null;

    private static HttpError Bad(string detail) => new(StatusCodes.Status400BadRequest, detail);
}
