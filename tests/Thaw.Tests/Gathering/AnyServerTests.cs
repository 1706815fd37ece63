using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Stun;
using Thaw.Tests.Turn;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Gathering;

/// <summary>Servers that refuse, lie, babble, lose and forget at random.</summary>
public sealed class AnyServerTests
{
    private const int MostPacketsASecond = 500; // of our own accord: permissions at one each 5 ms, their answers, and what is repeated

    private static readonly int[] Codes = [0, 0, 0, 0, 0, 0, -1, 300, 400, 401, 403, 420, 437, 438, 440, 441, 442, 443, 486, 500, 508, 699];

    private sealed record Any(int Seed, double Loss, double Duplication, double Spoilt, double Refused, double Restarts, double Junk, bool Sha256, bool Strips);

    private static readonly Gen<Any> Servers =
        from seed in Gen.Int[0, 1_000_000]
        from link in Gen.Select(Gen.Double[0, 0.5], Gen.Double[0, 0.3])
        from faults in Gen.Select(Gen.Double[0, 0.5], Gen.Double[0, 1], Gen.Double[0, 0.1], Gen.Double[0, 1])
        from kind in Gen.Select(Gen.Bool, Gen.Bool)
        select new Any(seed, link.Item1, link.Item2, faults.Item1, faults.Item2, faults.Item3, faults.Item4, kind.Item1, kind.Item2 && seed % 4 == 0);

    [Fact]
    public void Whatever_a_server_does_the_gatherer_stays_calm_and_recovers_when_it_does()
        => Servers.Sample(any => Survives(any), iter: 40);

    private static bool Survives(Any any)
    {
        var world = new GatheringWorld(
            [GatheringWorld.StunServer(), GatheringWorld.TurnServer(), GatheringWorld.TurnServer(TurnWorld.ServerAddress.Over(TransportProtocol.Tcp))],
            seed: any.Seed, link: new Link(20, 20, any.Loss, any.Duplication), nat: Dependence.EndpointIndependent);
        var random = new Random(any.Seed);
        foreach (var server in (ScriptedTurnServer[])[world.Turn, world.Stream])
        {
            (server.OffersSha256, server.StripsAlgorithms) = (any.Sha256, any.Strips && !any.Sha256);
            server.Alternate = random.Next(3) == 0 ? GatheringWorld.SecondTurn : TurnWorld.ServerAddress.WithPort((ushort)random.Next(65536));
            server.Refuse = _ =>
            {
                if (random.NextDouble() < any.Restarts) server.Restart();
                if (random.NextDouble() < any.Restarts) server.ChangeNonce();
                return random.NextDouble() < any.Refused ? Codes[random.Next(Codes.Length)] : 0;
            };
            server.Spoil = answer =>
            {
                if (random.NextDouble() < any.Spoilt) answer[random.Next(answer.Length)] ^= (byte)(1 << random.Next(8));
            };
        }

        for (int tick = 0; tick < 400; tick++)
        {
            int before = world.Net.Sent;
            int asked = 0;
            if (world.Relays is [var relayed, ..])
            {
                var peer = random.Next(2) == 0 ? TurnWorld.PeerAddress : TurnWorld.Address($"10.0.0.{random.Next(1, 255)}", 9);
                world.Gatherer.Do((gatherer, now) => gatherer.SendRelayed(relayed, peer, [1], now));
                asked = 20; // it and its echo, and those that waited
            }

            if (random.NextDouble() < any.Junk) Babble();
            if (world.Gatherer.Of<GatheringEvent.ConnectionWanted>().LastOrDefault() is { } wanted && random.Next(20) == 0)
            {
                if (random.Next(4) == 0) world.Gatherer.Do((gatherer, now) => gatherer.Disconnected(wanted.Id, "gone", now));
                else world.Connect((ushort)(50_000 + tick));
            }

            world.Run(0.1);
            if (world.Net.Sent - before > MostPacketsASecond / 10 + asked) Assert.Fail($"{world.Net.Sent - before} packets in 100 ms.\n{world.Net.Report()}");
        }

        // Idle always with a deadline, and alive: when servers come to their senses, there is a relay again.
        Assert.NotEqual(Instant.Never, world.Gatherer.WakeAt);
        foreach (var server in (ScriptedTurnServer[])[world.Turn, world.Stream, world.Second])
        {
            server.Refuse = _ => 0;
            server.Spoil = _ => { };
            server.StripsAlgorithms = false;
        }

        world.Net.DefaultLink = new Link();
        world.Run(1000);
        if (world.Relays.Length == 0 || world.Mapped.Length == 0) Assert.Fail(world.Net.Report());
        return true;

        void Babble()
        {
            byte[] junk = new byte[random.Next(0, 80)];
            random.NextBytes(junk);
            if (junk.Length >= 20 && random.Next(2) == 0)
            {
                new StunWriter(junk, (StunMethod)random.Next(1, 12), (StunClass)random.Next(4), new TransactionId(1, 1)).Finish();
                junk[3] = (byte)((junk.Length - 20) & ~3);
            }

            world.Gatherer.Deliver(TurnWorld.ServerAddress, GatheringWorld.Base, junk);
        }
    }
}
