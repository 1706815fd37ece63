using Thaw.IceServers.Checking;
using Thaw.Net.Gathering;

namespace Thaw.IceServers.Sources;

/// <summary>Servers that stay what they are; only credentials whose names carry an expiry, pasted from somewhere, end.</summary>
public sealed class StaticSource(string name, IReadOnlyList<IceServer> servers, TimeProvider time) : IIceServerSource
{
    public string Name => name;

    public bool IsLocal => true;

    public ValueTask<IceServerGrant> MintAsync(IceServerRequest request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        IceServer[] valid = [.. servers.Where(s => ExpiryOf(s) is not { } end || end > now)];
        if (valid is [] && servers is not []) throw new IceSourceException("its credentials have expired");
        return new(new IceServerGrant(valid, valid.Min(ExpiryOf)));
    }

    private static DateTimeOffset? ExpiryOf(IceServer server) => server.Username is null ? null : IceServerCheck.ExpiryOf(server.Username);
}
