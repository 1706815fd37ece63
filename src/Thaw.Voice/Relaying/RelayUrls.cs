using Thaw.IceServers;

namespace Thaw.Voice.Relaying;

/// <summary>The embedded relay's URLs for one client: three at most, as browsers gather from each. Pure.</summary>
internal static class RelayUrls
{
    private const string Loopback = "127.0.0.1"; // not "localhost", of which some know only the IPv6 one

    /// <param name="announced">The public address or name that was configured.</param>
    /// <param name="best">The address that answers name first, for where nothing better is known.</param>
    /// <param name="port">The relay's own.</param>
    public static IReadOnlyList<string> For(ReachedBy reached, string? announced, string? best, ushort port)
    {
        string? told = reached.IsLoopback && !reached.IsDirect ? null : reached.Host; // a proxy's name for us says nothing
        string? host = reached.IsLoopback && reached.IsDirect ? Loopback : announced ?? told ?? best;
        if (host is null) return [];

        // Where the page has come by TCP, TURN comes too. A certificate is for the name that the page has.
        string udp = $"turn:{host}:{port}?transport=udp";
        if (!reached.IsDirect || told is null) return [udp, $"turn:{host}:{port}?transport=tcp"];
        string tcp = $"turn:{(reached.IsLoopback ? Loopback : told)}:{reached.Port}?transport=tcp";
        return reached.IsTls ? [udp, tcp, $"turns:{told}:{reached.Port}?transport=tcp"] : [udp, tcp];
    }
}
