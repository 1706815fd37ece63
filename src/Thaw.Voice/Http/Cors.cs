using System.Text;
using Microsoft.Extensions.Primitives;

namespace Thaw.Voice.Http;

/// <summary>
/// Cross-origin answers, on errors too, where the framework's middleware would take them off again: without the header
/// the stock client sees a network error in place of the reason.
/// </summary>
internal sealed class Cors(IReadOnlyList<string>? allowed)
{
    private readonly HashSet<string>? _allowed = allowed is null ? null : new(allowed.Select(o => o.TrimEnd('/')), StringComparer.OrdinalIgnoreCase);

    /// <summary>True if that was a preflight, which is answered with this.</summary>
    public bool Apply(HttpContext context)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        bool preflight = HttpMethods.IsOptions(request.Method) && !StringValues.IsNullOrEmpty(request.Headers.AccessControlRequestMethod);
        if (_allowed is not null) headers.Vary = "Origin";
        if (request.Headers.Origin is not [{ } origin] || _allowed?.Contains(origin) is false) return Finish();

        headers.AccessControlAllowOrigin = _allowed is null ? "*" : origin;
        if (_allowed is not null) headers.AccessControlAllowCredentials = "true";
        if (!preflight) return false;

        headers.AccessControlAllowMethods = "GET, POST, PATCH, OPTIONS";
        string asked = request.Headers.AccessControlRequestHeaders.ToString();
        headers.AccessControlAllowHeaders = asked.Length > 0 && Ascii.IsValid(asked) ? asked : "Content-Type"; // others throw when written
        headers.AccessControlMaxAge = "600";
        return Finish();

        bool Finish()
        {
            if (preflight) context.Response.StatusCode = StatusCodes.Status204NoContent;
            return preflight;
        }
    }
}
