using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Thaw.Relay.Admin;

/// <summary>Every error is <c>{"detail": …}</c>.</summary>
internal static class AdminErrors
{
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
                await WriteAsync(context, context.Response.StatusCode, ReasonPhrases.GetReasonPhrase(context.Response.StatusCode));
        }
        catch (RelayBusyException e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, e.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to read it.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, StatusCodes.Status500InternalServerError, $"{e.GetType().Name}");
        }
    }

    public static Task WriteAsync(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new ErrorBody(detail), AdminJson.Default.ErrorBody);
    }
}
