using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;

namespace Thaw.Net.Addresses;

/// <summary>Asks the resolver for the network's NAT64 prefix (RFC 7050) as long as there is no IPv4 here.</summary>
internal sealed class Nat64(Func<string, CancellationToken, Task<IPAddress[]>> lookUp, TimeProvider time)
{
    private const string WellKnownName = "ipv4only.arpa"; // RFC 7050 §2.2
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookUpDeadline = TimeSpan.FromSeconds(3);

    private volatile object? _found; // a Nat64Prefix: too large to be read and written in one go

    public Nat64Prefix? Prefix => _found as Nat64Prefix?;

    /// <param name="addresses">The local ones at the moment.</param>
    public async Task FollowAsync(Func<IEnumerable<TransportAddress>> addresses, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                _found = IsNeeded(addresses()) ? await FindAsync(stop) ?? _found : null;
                await Task.Delay(Period, time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>IPv6 that leads somewhere, and no IPv4 that does.</summary>
    internal static bool IsNeeded(IEnumerable<TransportAddress> addresses)
    {
        TransportAddress[] far = [.. addresses.Where(a => !a.IsLoopback && !a.IsLinkLocal)];
        return far.Length > 0 && Array.TrueForAll(far, a => a.IsIPv6);
    }

    private async Task<object?> FindAsync(CancellationToken stop)
    {
        try
        {
            foreach (var address in await lookUp(WellKnownName, stop).WaitAsync(LookUpDeadline, time, stop))
                if (Nat64Prefix.TryFind(new TransportAddress(address, 0), out var prefix)) return prefix;
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            // No resolver, or one that knows of no NAT64: what was known stays.
        }

        return null;
    }
}
