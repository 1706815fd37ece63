using Thaw.Protocol.Gathering;

namespace Thaw.Voice.Http;

/// <summary>
/// The name or address by which a client has reached us, as its request says: a relay in this process is reached by the same.
/// Believed in nothing else; a client that forges it misleads itself.
/// </summary>
internal static class CallerHost
{
    private const int MaxHost = 253; // RFC 1035 §2.3.4, as text

    /// <summary>Without port and brackets; null where it says none that could be one.</summary>
    public static string? Of(HttpContext context)
    {
        string forwarded = context.Request.Headers["X-Forwarded-Host"].ToString();
        string first = forwarded.Split(',', 2)[0].Trim();
        string host = (first.Length is > 0 and <= MaxHost + 8 ? new HostString(first) : context.Request.Host).Host;
        string written = host.Trim('[', ']');
        if (written.Contains(':')) host = $"[{written}]";
        return written.Length is > 0 and <= MaxHost && IceServerUrl.TryParse($"turn:{host}", out var url, out _) && url.Host == written ? written : null;
    }
}
