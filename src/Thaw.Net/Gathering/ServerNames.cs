using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;

namespace Thaw.Net.Gathering;

/// <summary>Looks up the addresses of configured servers, off the loops; a name that cannot be looked up keeps what it had.</summary>
/// <param name="resolve">The system's resolver, or a test's.</param>
internal sealed class ServerNames(
    IReadOnlyList<ConfiguredServer> configured, Func<string, CancellationToken, Task<IPAddress[]>> resolve, Action<Observation> observed, TimeProvider time)
{
    /// <summary>A resolver that is silent for longer is as good as none; the next look-up comes soon.</summary>
    public static readonly TimeSpan LongestLookUp = TimeSpan.FromSeconds(3);

    private volatile IReadOnlyList<ConfiguredServer> _servers = configured;

    private readonly Dictionary<string, IPAddress[]> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Set from any thread; the next look-up is of these. What was known of a name stays known.</summary>
    public IReadOnlyList<ConfiguredServer> Servers { set => _servers = value; }

    /// <summary>The servers as a gatherer takes them.</summary>
    /// <returns>Also whether every name was found.</returns>
    public async Task<(IReadOnlyList<GatheringServer> Servers, bool IsComplete)> LookUpAsync(TimeSpan again, CancellationToken stop)
    {
        var servers = _servers;
        string[] names = [.. servers.Select(s => s.Url.Host).Distinct(StringComparer.OrdinalIgnoreCase)];
        var found = await Task.WhenAll(names.Select(name => LookUpAsync(name, stop)));
        for (int i = 0; i < names.Length; i++)
        {
            if (found[i].Addresses is { } addresses) _known[names[i]] = addresses;
            else Report(servers, names[i], found[i].Why, again);
        }

        foreach (string old in _known.Keys.Except(names, StringComparer.OrdinalIgnoreCase).ToArray()) _known.Remove(old);
        return ([.. servers.SelectMany(server => _known.GetValueOrDefault(server.Url.Host, []).Select(address => At(server, address)))],
            Array.TrueForAll(found, f => f.Addresses is not null));
    }

    private async Task<(IPAddress[]? Addresses, string Why)> LookUpAsync(string name, CancellationToken stop)
    {
        if (IPAddress.TryParse(name, out var literal)) return ([literal], "");

        using var limit = new CancellationTokenSource(LongestLookUp, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            var all = await resolve(name, either.Token).WaitAsync(either.Token);
            IPAddress[] oneOfEach = [.. all.Where(a => !a.IsIPv6LinkLocal).DistinctBy(a => a.AddressFamily)];
            return oneOfEach is [] ? (null, "the name has no address") : (oneOfEach, "");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return (null, $"the name was not looked up within {LongestLookUp.TotalSeconds:0} s");
        }
        catch (SocketException e)
        {
            return (null, e.SocketErrorCode is SocketError.HostNotFound ? "the name does not exist" : $"the name cannot be looked up ({e.SocketErrorCode})");
        }
        catch (ArgumentException)
        {
            return (null, "that is no host name");
        }
    }

    private void Report(IReadOnlyList<ConfiguredServer> servers, string name, string why, TimeSpan again)
    {
        foreach (var server in servers.Where(s => s.Url.Host.Equals(name, StringComparison.OrdinalIgnoreCase)))
            observed(new Observation.GatheringFailed(server.Name, default, GatheringFailure.ConnectionFailed, 0, why, again));
    }

    private static GatheringServer At(ConfiguredServer server, IPAddress address) => new(
        server.Name, new TransportAddress(address, server.Url.Port).Over(server.Url.Transport), server.Url.Kind, server.Url.Tls, server.Url.Host, server.Credential);
}
