using System.Collections.Concurrent;

namespace Thaw.Interop.Tests;

/// <summary>One server per agent, for all tests that do not stop theirs. Started by the first test that asks.</summary>
public sealed class Servers : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<ThawProcess>>> _byAgent = new();

    internal Task<ThawProcess> GetAsync(string agent)
        => _byAgent.GetOrAdd(agent, static name => new(() => ThawProcess.ServeAsync(name))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _byAgent.Values) await (await server.Value).DisposeAsync();
    }
}
