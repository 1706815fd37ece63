using Thaw.Interop.Tests.Gathering;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Our client when the relay is killed (SIGKILL) and started again with nothing but its flags.</summary>
public sealed class RelayRestartTests
{
    private const int Kill = 9, Lifetime = 60;

    // Its client refreshes at a quarter of that.
    private static readonly string[] Flags = ["--user", "alice:one", "--threads", "2", "--max-lifetime", $"{Lifetime}"];

    [Fact]
    public async Task A_client_that_talks_notices_at_once_and_has_a_fresh_allocation()
    {
        var gone = await SignalledRelay.StartAsync(Flags);
        using var loop = new GathererLoop(ServerAt(gone.Port)).Settle();
        await KillAsync(gone);
        await using var relay = await SignalledRelay.StartAtAsync(gone.Port, Flags);

        loop.Send(1);
        loop.RunUntil(() => loop.Seen.OfType<Observation.RelayLost>().Any());
        Recovers(loop);
    }

    [Fact]
    public async Task A_client_that_is_silent_has_a_fresh_allocation_within_one_refresh()
    {
        var gone = await SignalledRelay.StartAsync(Flags);
        using var loop = new GathererLoop(ServerAt(gone.Port)).Settle();
        Assert.Equal(TimeSpan.FromSeconds(Lifetime), loop.Seen.OfType<Observation.RelayAllocated>().Single().Lifetime);
        await KillAsync(gone);
        await using var relay = await SignalledRelay.StartAtAsync(gone.Port, Flags);

        loop.RunUntil(() => loop.Seen.OfType<Observation.RelayLost>().Any(), TimeSpan.FromSeconds(Lifetime / 4 + 5));
        Recovers(loop);
    }

    private static void Recovers(GathererLoop loop)
    {
        loop.RunUntil(() => loop.Gatherer.Addresses.Count == 1);
        Assert.Equal(2, loop.Seen.OfType<Observation.RelayAllocated>().Count());
        loop.Send(2);
        loop.RunUntil(() => loop.Delivered.Count == 1);
    }

    private static async Task KillAsync(SignalledRelay relay)
    {
        relay.Signal(Kill);
        Assert.NotEqual(0, await relay.EndedAsync());
        await relay.DisposeAsync();
    }

    private static GatheringServer ServerAt(ushort port)
        => new("turn", TransportAddress.FromIPv4([127, 0, 0, 1], port), GatheringKind.Turn, false, "turn.test", new TurnCredential("alice", "one"));
}
