using Thaw.Protocol.Turn;
using Thaw.Relay;

namespace Thaw.Cli.Verbs;

/// <summary>Reads anew what may change while a relay serves: the one place that does it, whoever asks.</summary>
/// <param name="read">Files and flags; throws what the start would have thrown.</param>
internal sealed class RelayReload(RelayHost host, Func<TurnServerOptions> read, RelayLog log)
{
    private readonly Lock _lock = new();

    /// <summary>Something broken leaves what was before in force, and the log says so.</summary>
    public void Now()
    {
        lock (_lock)
        {
            try
            {
                host.Reload(read());
                var server = host.Server;
                log.Say("reloaded", $"{server.Users.Count} users, {server.SharedSecrets.Count} secrets, {server.OAuthKeys.Count} keys");
            }
            catch (Exception e) when (e is RelayHostException or IOException or UnauthorizedAccessException or ArgumentException)
            {
                log.Say("not-reloaded", $"what was before stays in force: {e.Message}");
            }
        }
    }
}
