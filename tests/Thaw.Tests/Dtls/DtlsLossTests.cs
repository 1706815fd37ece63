using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.Dtls;

public sealed class DtlsLossTests
{
    [Fact]
    public void Every_handshake_survives_thirty_percent_loss_both_ways()
    {
        for (int seed = 1; seed <= 50; seed++)
        {
            var random = new Random(seed);
            using var world = new DtlsWorld { Network = (_, datagram) => random.NextDouble() < 0.3 ? [] : [datagram] };
            world.Start().RunUntil(() => world.BothConnected);

            Assert.True(world.BothConnected, $"seed {seed}: {world.Client.Failed?.Detail} {world.Server.Failed?.Detail}");
            Assert.Equal(world.Client.Keys!.LocalMasterKey, world.Server.Keys!.RemoteMasterKey);
        }
    }

    [Fact]
    public void Reordered_duplicated_and_delayed_datagrams_change_nothing()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            using var world = new DtlsWorld { Jitter = () => TimeSpan.FromMilliseconds(random.Next(120)) };
            world.Network = (_, datagram) => Enumerable.Repeat(datagram, random.Next(1, 4));
            world.Start().RunUntil(() => world.BothConnected);

            Assert.True(world.BothConnected, $"seed {seed}: {world.Client.Failed?.Detail} {world.Server.Failed?.Detail}");
            world.RunFor(2);
            Assert.Single(world.Client.Events);
            Assert.Single(world.Server.Events);
        }
    }

    [Fact]
    public void Fragments_in_any_order_and_number_connect()
    {
        using var host = new Thaw.Dtls.BouncyCastleDtls(new() { Mtu = 200 });
        for (int seed = 1; seed <= 10; seed++)
        {
            var random = new Random(seed);
            using var world = new DtlsWorld(host, host)
            {
                Jitter = () => TimeSpan.FromMilliseconds(random.Next(20)),
                Network = (_, datagram) => random.NextDouble() < 0.1 ? [] : Enumerable.Repeat(datagram, random.Next(1, 3)),
            };
            world.Start().RunUntil(() => world.BothConnected);
            Assert.True(world.BothConnected, $"seed {seed}: {world.Client.Failed?.Detail} {world.Server.Failed?.Detail}");
        }
    }

    [Fact]
    public void A_lost_last_flight_is_sent_again_when_the_client_asks()
    {
        using var world = new DtlsWorld();
        int lost = 0;
        world.Network = (from, datagram) => from == world.Server && world.Server.Keys is null && IsLastFlight(datagram) && lost++ < 1
            ? []
            : [datagram];
        world.Start().RunUntil(() => world.BothConnected);

        Assert.True(world.BothConnected);
        Assert.Equal(1, lost);
        var again = Assert.Single(world.Server.Saw<Observation.DtlsFlightRetransmitted>());
        Assert.Equal((6, 1), (again.Flight, again.Attempt));
        Assert.Equal(5, Assert.Single(world.Client.Saw<Observation.DtlsFlightRetransmitted>()).Flight);
        Assert.Equal(TimeSpan.FromMilliseconds(20 + 50 + 20), world.Client.Saw<Observation.DtlsConnected>()[0].Duration);

        static bool IsLastFlight(byte[] datagram) => datagram[0] == 20; // it begins with ChangeCipherSpec
    }

    [Fact]
    public void A_peer_that_repeats_itself_is_answered_before_our_own_timer()
    {
        using var world = new DtlsWorld(latencyMs: 10);
        world.Network = (from, datagram) => from.Sent.Count <= (from == world.Client ? 1 : 2) ? [] : [datagram];
        world.Start().RunUntil(() => world.BothConnected);

        Assert.True(world.BothConnected);
        Assert.Equal([0, 50, 150], Milliseconds(world.Client)[..3]);
        Assert.Equal([60, 110, 162], Milliseconds(world.Server)[..3]); // on its own schedule: 60, 110, 210

        static long[] Milliseconds(DtlsWorld.Side side) => [.. side.Sent.Select(s => s.At.Ticks / TimeSpan.TicksPerMillisecond)];
    }

    [Fact]
    public void A_datagram_that_says_nothing_new_provokes_no_flight()
    {
        using var world = new DtlsWorld();
        world.Network = (_, _) => [];
        world.Start();
        byte[] hello = world.Client.Sent[0].Datagram;
        world.Deliver(world.Server, hello);
        Assert.Single(world.Server.Sent);

        Thread.Sleep(5); // BouncyCastle's wall clock has expired: left alone it would now repeat with every datagram
        for (int i = 0; i < 20; i++)
        {
            byte[] nonsense = [.. hello];
            nonsense[0] = 20; // a ChangeCipherSpec that is none
            nonsense[10] = (byte)(i + 1);
            world.Deliver(world.Server, nonsense);
        }

        Assert.Single(world.Server.Sent);
    }
}
