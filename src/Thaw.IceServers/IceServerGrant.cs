using Thaw.Net.Gathering;

namespace Thaw.IceServers;

/// <summary>Servers as a source grants them: unshaped, the best first.</summary>
/// <param name="ExpiresAt">By our clock; null for never.</param>
/// <param name="ClockSkew">How far the provider's clock is ahead of ours, where it told.</param>
public sealed record IceServerGrant(IReadOnlyList<IceServer> Servers, DateTimeOffset? ExpiresAt = null, TimeSpan? ClockSkew = null)
{
    /// <summary>All its URLs lead to one relay, whatever host they name: a name for one, an address for another.</summary>
    public bool IsOneRelay { get; init; }

    public static IceServerGrant None { get; } = new([]);
}
