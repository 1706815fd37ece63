using Thaw.Net.Gathering;

namespace Thaw.IceServers;

/// <summary>What one end is given: valid now, in order, nothing in it that could not be used.</summary>
/// <param name="ExpiresAt">When the first of the credentials in it ends; null for never.</param>
public sealed record IceServerSet(IReadOnlyList<IceServer> Servers, DateTimeOffset? ExpiresAt)
{
    public static IceServerSet None { get; } = new([], null);

    public bool HasRelay => Servers.Any(s => s.Urls.Any(url => url.StartsWith("turn", StringComparison.OrdinalIgnoreCase)));
}
