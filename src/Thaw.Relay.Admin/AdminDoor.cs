using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Thaw.Relay.Admin;

/// <summary>Who may ask: whoever has the token, or, without one, whoever is on this machine and meant to come here.</summary>
internal sealed class AdminDoor(string token)
{
    private const string Scheme = "Bearer ";

    private readonly byte[] _token = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    public RequestDelegate Guard(RequestDelegate endpoint) => context => AdminErrors.InvokeAsync(context, inside => InvokeAsync(inside, endpoint));

    private Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (token.Length > 0)
        {
            if (HasToken(context.Request)) return next(context);
            context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
            return AdminErrors.WriteAsync(context, StatusCodes.Status401Unauthorized, "This needs the header Authorization: Bearer TOKEN, with the relay's --admin-token.");
        }

        // A page in a local browser that calls its own name by our address (DNS rebinding) says that name.
        string host = context.Request.Host.Host;
        if (host is "localhost" || IPAddress.TryParse(host.Trim('[', ']'), out _)) return next(context);
        return AdminErrors.WriteAsync(context, StatusCodes.Status403Forbidden, "Without an --admin-token this is asked by its address, or as localhost.");
    }

    // Of hashes, which are equally long and tell nothing by where they differ.
    private bool HasToken(HttpRequest request)
    {
        string sent = request.Headers.Authorization.ToString();
        return sent.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(sent[Scheme.Length..].Trim())), _token);
    }
}
