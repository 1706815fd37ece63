using Thaw.Net.Gathering;

namespace Thaw.IceServers.Sources;

/// <summary>Servers that stay what they are.</summary>
public sealed class StaticSource(string name, IReadOnlyList<IceServer> servers) : IIceServerSource
{
    private readonly IceServerGrant _grant = new(servers, Earliest(servers));

    public string Name => name;

    public bool IsLocal => true;

    public ValueTask<IceServerGrant> MintAsync(IceServerRequest request, CancellationToken cancel) => new(_grant);

    // Somebody may have pasted credentials that were minted for a time.
    private static DateTimeOffset? Earliest(IReadOnlyList<IceServer> servers)
        => servers.Select(s => s.Username is null ? null : Checking.IceServerCheck.ExpiryOf(s.Username)).Where(at => at is not null).Min();
}
