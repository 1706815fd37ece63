using System.Net;

namespace Thaw.Voice.Relaying;

/// <summary>By what host and port a client has reached the HTTP port: where it can come again.</summary>
/// <param name="Host">As a URL has it; null where the client said nothing sane.</param>
/// <param name="IsDirect">No proxy took the connection, as far as it shows: the same host and port lead to this process.</param>
internal sealed record ReachedBy(string? Host, int Port, bool IsTls, bool IsDirect)
{
    private const int LongestName = 253; // RFC 1035 §2.3.4

    private static readonly string[] MarksOfProxies = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"];

    public bool IsLoopback => Host is not null && (IsLocalName(Host) || IPAddress.TryParse(Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    public static ReachedBy Of(HttpContext context)
    {
        var (request, connection) = (context.Request, context.Connection);
        string? host = Sane(request.Host.Host) ?? (connection.LocalIpAddress is { } local ? InUrl(local) : null);
        var reached = new ReachedBy(host, request.Host.Port ?? (request.IsHttps ? 443 : 80), request.IsHttps, IsDirect: true);

        // What proxies write is not believed, only that there is one: from this machine nobody calls by a name of the outside.
        bool isNear = connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote);
        return reached with { IsDirect = !MarksOfProxies.Any(request.Headers.ContainsKey) && !(isNear && !reached.IsLoopback) };
    }

    /// <summary>An address as a URL has it.</summary>
    public static string InUrl(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{new IPAddress(plain.GetAddressBytes())}]" : plain.ToString();
    }

    /// <summary>A host's name or address, or null for what is neither.</summary>
    internal static string? Sane(string? host)
    {
        if (host is not { Length: > 0 and <= LongestName }) return null;
        if (host[0] == '[' && host[^1] == ']' && !host.Contains('%', StringComparison.Ordinal))
            return IPAddress.TryParse(host[1..^1], out var six) ? InUrl(six) : null;
        bool isName = host.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_') && char.IsAsciiLetterOrDigit(host[0]) && !host.Contains("..", StringComparison.Ordinal);
        return isName ? host : null;
    }

    private static bool IsLocalName(string host)
        => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
}
