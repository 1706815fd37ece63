using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

public sealed class RateTests
{
    private const int Rate = 10_000;

    private static readonly TransportAddress Peer = At("203.0.113.5", 7000);

    [Fact]
    public void Whatever_is_sent_no_more_than_the_rate_and_a_second_of_it_passes_and_no_less_than_was_asked_or_allowed()
        => Gen.Select(Gen.Int[1, 3000], Gen.Int[0, 400]).Array[1, 400].Sample(packets =>
        {
            var bucket = new RateBucket();
            var now = new Instant(0);
            double ticks = RelayRates.TicksPerByte(Rate);
            long passed = 0, offered = 0;
            foreach (var (bytes, ms) in packets)
            {
                now += TimeSpan.FromMilliseconds(ms);
                offered += bytes;
                if (bucket.TryTake(bytes, ticks, now)) passed += bytes;
                double most = Rate * (now.Ticks / (double)TimeSpan.TicksPerSecond + 1) + 3000;
                Assert.True(passed <= most, $"{passed} of at most {most}");
            }

            if (offered <= Rate) Assert.Equal(offered, passed);
        }, iter: 300);

    [Fact]
    public void An_allocation_is_held_to_its_rate_each_way_counted_and_told_of_once_in_a_while()
    {
        var table = new TurnTable(Served with { MaxRate = Rate });
        var (client, relayed) = Connected(table, 1);
        (int Out, int In) passed = default;
        for (int i = 0; i < 200; i++) // 10 s at twice the rate, and half of it back
        {
            for (int j = 0; j < 2; j++) if (client.SendOnChannel(0x4000, new byte[500]) is not null) passed.Out += 500;
            if (table.Put(Peer, relayed, new byte[250]) is not null) passed.In += 250;
            table.Pass(0.05);
        }

        Assert.InRange(passed.Out, Rate * 10, Rate * 11 + 1000);
        Assert.Equal(200 * 250, passed.In);
        Assert.Equal((200_000 - passed.Out) / 500, table.Server.Counters.Dropped(RelayDrop.OverRate));
        Assert.InRange(table.Of<Observation.RateExceeded>().Count(), 1, 2);
        Assert.Equal(new Observation.RateExceeded("alice", Rate), table.Of<Observation.RateExceeded>().First());
    }

    [Fact]
    public void One_clients_excess_is_not_anothers()
    {
        var table = new TurnTable(Served with { MaxRate = Rate });
        var (greedy, _) = Connected(table, 1);
        var (modest, _) = Connected(table, 2);
        for (int i = 0; i < 100; i++) greedy.SendOnChannel(0x4000, new byte[1000]);
        Assert.Null(greedy.Send(Peer, new byte[1000])); // a Send is no way round
        Assert.NotNull(modest.SendOnChannel(0x4000, new byte[1000]));
    }

    [Fact]
    public void All_together_are_held_to_the_total_whichever_server_they_are_at()
    {
        var one = new TurnTable(Served with { TotalRate = 100_000 });
        var two = new TurnTable(one);
        TurnClient[] clients = [Connected(one, 1).Client, Connected(one, 2).Client, Connected(two, 3).Client];
        int passed = 0;
        for (int i = 0; i < 1000; i++) // 10 s, 120 kB a second each
        {
            foreach (var client in clients) if (client.SendOnChannel(0x4000, new byte[1200]) is not null) passed += 1200;
            one.Pass(0.01);
            two.Pass(0.01);
        }

        Assert.InRange(passed, 980_000, 1_110_000);
        Assert.InRange(one.Of<Observation.RateExceeded>().Count(told => told.User is null), 1, 2);
        Assert.True(two.Server.Counters.Dropped(RelayDrop.OverTotalRate) > 0);
        Assert.Equal(0, one.Server.Counters.Dropped(RelayDrop.OverRate));
    }

    [Fact]
    public void The_two_ways_have_a_total_each()
    {
        var table = new TurnTable(Served with { TotalRate = 100_000 });
        var (client, relayed) = Connected(table, 1);
        for (int i = 0; i < 200; i++) client.SendOnChannel(0x4000, new byte[1000]);
        Assert.Null(client.SendOnChannel(0x4000, new byte[1000]));
        Assert.NotNull(table.Put(Peer, relayed, new byte[1000]));
    }

    [Fact]
    public void Without_limits_nothing_is_dropped_and_with_them_nothing_is_allocated()
    {
        var free = new TurnTable();
        var (client, _) = Connected(free, 1);
        for (int i = 0; i < 5000; i++) Assert.NotNull(client.SendOnChannel(0x4000, new byte[1200]));

        var table = new TurnTable(Served with { MaxRate = 2000, TotalRate = 4000 });
        var (limited, relayed) = Connected(table, 1);
        byte[] message = TurnClient.OnChannel(0x4000, new byte[500]);
        var address = table.Server.FindRelayed(relayed)!;
        for (int i = 0; i < 100; i++) Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(table.Server.Counters.Dropped(RelayDrop.OverRate) > 1000);

        void Once()
        {
            table.Server.TryRelayToPeer(limited.FiveTuple, message, table.Now, out _);
            table.Server.TryRelayToClient(address, Peer, 500, table.Now, out _);
        }
    }

    private static (TurnClient Client, TransportAddress Relayed) Connected(TurnTable table, ushort port)
    {
        var client = table.Client(port: port);
        var relayed = client.Allocate().Relayed;
        Assert.True(client.Bind(0x4000, Peer).Succeeded);
        return (client, relayed);
    }
}
