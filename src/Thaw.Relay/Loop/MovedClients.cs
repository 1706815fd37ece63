using System.Collections.Concurrent;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Loop;

/// <summary>
/// Mobile clients that are not where the system's spreading of clients would have them (RFC 8016): which loop has them.
/// Written when one moves, read for each packet while there are any.
/// </summary>
internal sealed class MovedClients
{
    private const int Most = 65_536;

    private readonly ConcurrentDictionary<FiveTuple, RelayLoop> _owners = [];
    private int _count;

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>Beyond the limit nothing is kept: the client then stays where it was.</summary>
    public void Set(FiveTuple client, RelayLoop owner)
    {
        if (Volatile.Read(ref _count) < Most && _owners.TryAdd(client, owner)) Interlocked.Increment(ref _count);
    }

    public void Clear(FiveTuple client, RelayLoop owner)
    {
        if (_owners.TryRemove(new KeyValuePair<FiveTuple, RelayLoop>(client, owner))) Interlocked.Decrement(ref _count);
    }

    public RelayLoop? Find(FiveTuple client) => _owners.GetValueOrDefault(client);
}
