using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;
using Thaw.Voice.Http;
using Thaw.Voice.Relaying;

namespace Thaw.Voice.Watching;

/// <summary>
/// Who runs this server: whoever has the token; without one, whoever calls from this machine by a name of this machine, and is
/// no page of somebody else's in a browser here.
/// </summary>
internal sealed class OperatorDoor(string token)
{
    private const string Scheme = "Bearer ";

    private readonly byte[] _token = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <exception cref="HttpError">401, 403.</exception>
    public void Admit(HttpContext context)
    {
        if (token.Length > 0)
        {
            if (HasToken(context.Request)) return;
            context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
            throw new HttpError(StatusCodes.Status401Unauthorized, "This needs the header Authorization: Bearer TOKEN, with this server's --metrics-token.");
        }

        // A proxy on this machine calls from here too: it shows by its headers, or by the name that it passes on.
        bool isNear = context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote);
        var reached = Reach.Of(context);
        if (isNear && reached.IsDirect && reached.IsLoopback && context.Request.Headers.Origin.Count == 0) return;
        throw new HttpError(StatusCodes.Status403Forbidden, "Without a --metrics-token this is asked on the server's own machine only, at localhost.");
    }

    // Of hashes, which are equally long and tell nothing by where they differ.
    private bool HasToken(HttpRequest request)
    {
        string sent = request.Headers.Authorization.ToString();
        return sent.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(sent[Scheme.Length..].Trim())), _token);
    }
}
