using System.Net;
using System.Net.Sockets;

namespace Thaw.Net.Addresses;

/// <summary>The announced addresses, the names among them looked up again and again: a machine's public address may change.</summary>
internal sealed class PublicNames
{
    private const int MostPerName = 4;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookUpDeadline = TimeSpan.FromSeconds(3);

    private readonly IReadOnlyList<PublicAddress> _given;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookUp;
    private readonly TimeProvider _time;
    private readonly IPAddress[][] _found;
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile AnnouncedAddress[] _addresses;

    public PublicNames(IReadOnlyList<PublicAddress> given, Func<string, CancellationToken, Task<IPAddress[]>> lookUp, TimeProvider time)
    {
        (_given, _lookUp, _time) = (given, lookUp, time);
        _found = [.. given.Select(g => g.Address is { } literal ? new[] { literal } : [])];
        _addresses = Combine();
        if (!HasNames) _settled.SetResult();
    }

    public bool HasNames => _given.Any(g => g.HostName is not null);

    public IReadOnlyList<AnnouncedAddress> Addresses => _addresses;

    /// <summary>Names that have never been found.</summary>
    public IReadOnlyList<string> Unknown => [.. _given.Where((g, i) => _found[i].Length == 0).Select(g => g.HostName!)];

    /// <summary>Ends when each name has been looked up once, found or not: after three seconds at most.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Looks up without end; a name that cannot be found any more keeps the addresses that it had.</summary>
    public async Task FollowAsync(Action changed, CancellationToken stop)
    {
        if (!HasNames) return;
        try
        {
            while (true)
            {
                if (await LookUpAllAsync(stop)) changed();
                _settled.TrySetResult();
                await Task.Delay(Period, _time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            _settled.TrySetResult();
        }
    }

    private async Task<bool> LookUpAllAsync(CancellationToken stop)
    {
        await Task.WhenAll(_given.Select((g, i) => g.HostName is { } name ? LookUpAsync(name, i, stop) : Task.CompletedTask));
        var now = Combine();
        bool changed = !now.SequenceEqual(_addresses);
        _addresses = now;
        return changed;
    }

    private async Task LookUpAsync(string name, int index, CancellationToken stop)
    {
        try
        {
            var addresses = await _lookUp(name, stop).WaitAsync(LookUpDeadline, _time, stop);
            IPAddress[] usable = [.. addresses.Where(a => AddressScopes.Of(a) is not AddressScope.Unusable)
                .OrderBy(a => a.AddressFamily).ThenBy(a => a.ToString(), StringComparer.Ordinal).Take(MostPerName)]; // a round robin is no change
            if (usable.Length > 0) _found[index] = usable;
        }
        catch (Exception e) when (e is SocketException or TimeoutException or ArgumentException)
        {
            // Not found, or not now: what was known stays.
        }
    }

    private AnnouncedAddress[] Combine() =>
    [
        .. _given.SelectMany((g, i) => _found[i].Select(address
            => new AnnouncedAddress(address, g.Private?.AddressFamily == address.AddressFamily ? g.Private : null, g.Port))),
    ];
}
