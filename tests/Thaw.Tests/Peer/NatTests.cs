using CsCheck;
using Thaw.Protocol.Peer;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Peer;

/// <summary>Whole peer connections, a public server and a caller behind anything: up, or failed with a reason, within the budget.</summary>
public sealed class NatTests
{
    private sealed record Any(int Seed, NatKind Home, NatKind? Carrier, double Latency, double Loss, double Cut)
    {
        public override string ToString() => $"seed {Seed}, {Home}{(Carrier is null ? "" : $" behind {Carrier}")}, {Latency:0} ms, {Loss:P0} lost, nothing after {Cut:0.0} s";
    }

    private static readonly NatKind[] Kinds = [.. NatKind.All, NatKind.OnlyTcp443];

    private static readonly Gen<Any> Worlds =
        from seed in Gen.Int[0, 1_000_000]
        from kinds in Gen.Select(Gen.Int[0, Kinds.Length - 1], Gen.Int[0, 3 * Kinds.Length])
        from link in Gen.Select(Gen.Double[0, 120], Gen.Double[0, 0.2])
        from cut in Gen.Double[0, 60]
        select new Any(seed, Kinds[kinds.Item1], kinds.Item2 < Kinds.Length ? Kinds[kinds.Item2] : null, link.Item1, link.Item2, cut < 3 ? cut : 60);

    [Fact]
    public void A_caller_behind_anything_is_connected_or_hears_the_reason_in_time()
        => Worlds.Sample(Call, iter: 60, threads: 1);

    private static void Call(Any any)
    {
        using var world = new PeerWorld(any.Seed);
        world.Net.DefaultLink = new Link(any.Latency, Loss: any.Loss) { Outage = (TimeSpan.FromSeconds(any.Cut), TimeSpan.MaxValue) };
        var outer = any.Carrier?.Make(PeerWorld.Address("203.0.113.1", 0), any.Seed) is { } carrier ? world.Net.Behind(carrier) : world.Net.Internet;
        if (any.Home.Make(PeerWorld.Address(any.Carrier is null ? "203.0.113.11" : "100.64.0.11", 0), any.Seed) is { } home) outer = world.Net.Behind(home, outer);
        Simulation.Move(world.Caller, outer);

        world.Dial();
        world.Run(any.Cut < 60 ? 50 : 35); // checks 15 s, DTLS 8 s, data channel 8 s; a path that was there, consent 30 s and recovery 15 s
        bool hasPath = any.Home.HasUdp && any.Carrier is not { HasUdp: false } && any.Cut >= 60;
        foreach (var side in new[] { world.Caller, world.Server })
        {
            var failed = side.Of<PeerEvent.Failed>().ToArray();
            if (hasPath)
            {
                Assert.True(side.Of<PeerEvent.ChannelOpened>().Any() && failed is [], $"{any}\n{world.Net.Report()}");
                continue;
            }

            Assert.True(side.Machine.IsClosed && (failed is [{ Detail.Length: > 0 }] || side.Of<PeerEvent.Closed>().Any()), $"{any}\n{world.Net.Report()}");
        }
    }
}
