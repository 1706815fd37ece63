using Thaw.Net.Gathering;

namespace Thaw.IceServers;

/// <summary>Servers as a source grants them: unshaped, the best first.</summary>
/// <param name="ExpiresAt">By our clock; null for never.</param>
/// <param name="ClockSkew">How far the provider's clock is ahead of ours, where it told.</param>
public sealed record IceServerGrant(IReadOnlyList<IceServer> Servers, DateTimeOffset? ExpiresAt = null, TimeSpan? ClockSkew = null)
{
    public static IceServerGrant None { get; } = new([]);
}
