using CsCheck;
using Thaw.Protocol.Ice;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Ice;

public sealed class AnyWorldTests
{
    private sealed record Any(int Seed, int AliceAddresses, int BobAddresses, double Latency, double Jitter, double Loss,
        int DeadPairs, bool SameRole, bool AliceSilent, double BobLearnsAfter, int NatMapping, int NatFiltering);

    private static readonly Gen<Any> Worlds =
        from seed in Gen.Int[0, 1_000_000]
        from addresses in Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3])
        from link in Gen.Select(Gen.Double[0, 150], Gen.Double[0, 50], Gen.Double[0, 0.25])
        from dead in Gen.Int[0, 8]
        from same in Gen.Bool
        from silent in Gen.Bool
        from late in Gen.Double[0, 3]
        from nat in Gen.Select(Gen.Int[-1, 2], Gen.Int[0, 2])
        select new Any(seed, addresses.Item1, addresses.Item2, link.Item1, link.Item2, link.Item3, dead, same, silent, late, nat.Item1, nat.Item2);

    [Fact]
    public void Wherever_a_path_exists_both_sides_settle_on_the_same_pair()
        => Worlds.Sample(any => Connects(any), iter: 100);

    private static bool Connects(Any any)
    {
        string[] alice = [.. Enumerable.Range(1, any.AliceAddresses).Select(i => $"10.0.0.{i}")];
        string[] bob = [.. Enumerable.Range(1, any.BobAddresses).Select(i => $"198.51.100.{i}")];
        var world = new IceWorld(any.Seed, IceRole.Controlling, any.SameRole ? IceRole.Controlling : IceRole.Controlled, alice, bob);
        world.Net.DefaultLink = new Link(any.Latency, any.Jitter, any.Loss, Duplication: 0.05);
        if (any.NatMapping >= 0)
        {
            var nat = new Nat(IceWorld.Address("203.0.113.9"), (Dependence)any.NatMapping, (Dependence)any.NatFiltering);
            Simulation.Move(world.Alice, world.Net.Behind(nat));
        }

        // Some paths are dead both ways, but never the last one.
        var paths = (from a in world.Alice.Addresses from b in world.Bob.Addresses select (a, b)).ToArray();
        new Random(any.Seed).Shuffle(paths);
        var dead = paths[..Math.Min(any.DeadPairs, paths.Length - 1)];
        if (any.NatMapping < 0) world.Net.Firewalls.Add(packet => !dead.Contains((packet.Source, packet.Destination)) && !dead.Contains((packet.Destination, packet.Source)));

        IceWorld.Credentials(world.Alice, world.Bob);
        IceWorld.Candidates(world.Alice, world.Bob);
        world.Net.After(TimeSpan.FromSeconds(any.BobLearnsAfter), () =>
        {
            IceWorld.Credentials(world.Bob, world.Alice);
            if (!any.AliceSilent) IceWorld.Candidates(world.Bob, world.Alice);
        });

        world.Net.RunUntil(() => world.BothSelected && world.AgreeOnPath, TimeSpan.FromSeconds(25));
        world.Run(10);
        if (!world.AgreeOnPath || !world.Alice.Machine.MaySend || !world.Bob.Machine.MaySend) Assert.Fail(world.Net.Report());
        Assert.Empty(world.Alice.Of<IceEvent.ConsentLost>());
        return true;
    }
}
