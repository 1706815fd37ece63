using System.Net;
using System.Net.Sockets;
using Thaw.IceServers;

namespace Thaw.Voice.Relaying;

/// <summary>How a request shows where its client can come again: the Host that it named, if that is sane.</summary>
internal static class Reach
{
    private const int LongestName = 253; // RFC 1035 §2.3.4

    private static readonly string[] MarksOfProxies = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"];

    extension(ReachedBy reached)
    {
        public bool IsLoopback => reached.Host is { } host && (IsLocalName(host) || IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }

    public static ReachedBy Of(HttpContext context)
    {
        var (request, connection) = (context.Request, context.Connection);
        string? host = Sane(request.Host.Host) ?? (connection.LocalIpAddress is { } local ? InUrl(local) : null);
        var reached = new ReachedBy(host, request.Host.Port ?? (request.IsHttps ? 443 : 80), request.IsHttps, IsDirect: true);

        // What proxies write is not believed, only that there is one. From this machine nobody calls by a name of the outside.
        bool isNear = connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote);
        return reached with { IsDirect = !MarksOfProxies.Any(request.Headers.ContainsKey) && !(isNear && !reached.IsLoopback) };
    }

    /// <summary>An address as a URL has it.</summary>
    public static string InUrl(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily is AddressFamily.InterNetworkV6 ? $"[{new IPAddress(plain.GetAddressBytes())}]" : plain.ToString();
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
