using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Thaw.Voice.Http;

/// <summary>A request that ends here, with its status and a sentence for its sender.</summary>
internal sealed class HttpError(int status, string detail) : Exception(detail)
{
    public int Status { get; } = status;
}

/// <summary>
/// Every error is <c>{"detail": …}</c>, whoever made it: the stock client parses error bodies as JSON outside any
/// try and stays in "authenticating" for ever otherwise. 4xx is final to it; 503 with Retry-After means try again.
/// </summary>
internal static class ErrorBodies
{
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next, Action<Exception> unexpected)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
                await WriteAsync(context, context.Response.StatusCode, ReasonPhrases.GetReasonPhrase(context.Response.StatusCode));
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            if (context.RequestAborted.IsCancellationRequested) return; // nobody is left to read it
            switch (e)
            {
                case HttpError known: await WriteAsync(context, known.Status, known.Message); break;
                case BadHttpRequestException bad: await WriteAsync(context, bad.StatusCode, ReasonPhrases.GetReasonPhrase(bad.StatusCode)); break;
                default:
                    unexpected(e);
                    await WriteAsync(context, StatusCodes.Status500InternalServerError, "Internal server error");
                    break;
            }
        }
    }

    public static Task WriteAsync(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = "1";
        byte[] body = Utf8(detail);
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    public static byte[] Utf8(string detail) => JsonSerializer.SerializeToUtf8Bytes(new ErrorBody(detail), VoiceJson.Default.ErrorBody);
}
