using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Tests.Turn;
using Xunit;

namespace Thaw.Tests.Gathering;

public sealed class StreamTests
{
    private static readonly TransportAddress Server = TurnWorld.ServerAddress.Over(TransportProtocol.Tcp);

    [Fact]
    public void A_stream_is_dialled_and_then_relays_and_gives_no_mapped_address()
    {
        var world = World(tls: true);
        var wanted = Assert.Single(world.Gatherer.Of<GatheringEvent.ConnectionWanted>());
        Assert.Equal((Server, true, "turn.example"), (wanted.Server, wanted.Tls, wanted.ServerName));
        Assert.False(world.Gatherer.Machine.IsSettled);
        world.Run(0.1);
        world.Connect();
        world.Settle();
        Assert.Equal(GatheringWorld.StreamRelay.WithPort(50_000), Assert.Single(world.Addresses).Address);
        world.Send(1);
        world.Run(1);
        world.Send(2);
        world.Run(1);
        Assert.Equal([[1], [2]], world.Delivered);
    }

    [Fact]
    public void A_dial_without_an_answer_ends_at_its_deadline()
    {
        var world = World();
        world.Settle();
        Assert.Equal(TimeSpan.FromSeconds(5), world.Net.Elapsed);
        Assert.Equal(GatheringFailure.DialTimeout, Assert.Single(world.Failures).Cause);
        int first = world.Wanted.Id;
        Assert.Equal(first, Assert.Single(world.Gatherer.Of<GatheringEvent.ConnectionUnwanted>()).Id);

        world.Gatherer.Do((gatherer, now) => gatherer.Connected(first, GatheringWorld.Base.Over(TransportProtocol.Tcp), now)); // too late
        world.Gatherer.Do((gatherer, now) => gatherer.Disconnected(first, "late", now));
        world.Run(7);
        Assert.NotEqual(first, world.Wanted.Id);
        Assert.Single(world.Failures);
    }

    [Fact]
    public void A_failed_dial_is_told_with_the_hosts_words()
    {
        var world = World();
        world.Gatherer.Do((gatherer, now) => gatherer.Disconnected(world.Wanted.Id, "certificate expired", now));
        var failed = Assert.Single(world.Failures);
        Assert.Equal((GatheringFailure.ConnectionFailed, "certificate expired"), (failed.Cause, failed.Detail));
        Assert.True(world.Gatherer.Machine.IsSettled);
    }

    [Fact]
    public void A_stream_that_ends_takes_the_relay_with_it_and_is_dialled_anew()
    {
        var world = World();
        world.Connect();
        world.Settle();
        world.Gatherer.Do((gatherer, now) => gatherer.Disconnected(world.Wanted.Id, "reset", now));
        Assert.Empty(world.Addresses);
        Assert.Equal(GatheringFailure.ConnectionFailed, Assert.Single(world.Gatherer.Of<Observation.RelayLost>()).Cause);
        world.Run(1);
        Assert.Equal(2, world.Gatherer.Of<GatheringEvent.ConnectionWanted>().Count());
        world.Connect(50_002);
        world.Run(1);
        Assert.Single(world.Addresses);
    }

    [Fact]
    public void A_refusal_hangs_up()
    {
        var world = World();
        world.Stream.Refuse = asked => asked.IsSealed ? 486 : 0;
        int id = world.Wanted.Id;
        world.Connect();
        world.Settle();
        Assert.Equal(GatheringFailure.QuotaReached, Assert.Single(world.Failures).Cause);
        Assert.Equal(id, Assert.Single(world.Gatherer.Of<GatheringEvent.ConnectionUnwanted>()).Id);
    }

    [Fact]
    public void A_redirect_dials_there_under_the_same_name()
    {
        var world = World(tls: true);
        var there = TurnWorld.Address("198.51.100.3", 443);
        (world.Stream.Refuse, world.Stream.Alternate) = (_ => 300, there);
        world.Connect();
        world.Run(1);
        Assert.Equal((there.Over(TransportProtocol.Tcp), true, "turn.example"), (world.Wanted.Server, world.Wanted.Tls, world.Wanted.ServerName));
        Assert.Single(world.Gatherer.Of<GatheringEvent.ConnectionUnwanted>());
    }

    [Fact]
    public void Closing_says_goodbye_before_it_hangs_up()
    {
        var world = World();
        int id = world.Wanted.Id;
        world.Connect();
        world.Settle();
        world.Gatherer.Do((gatherer, now) => gatherer.Close(now));
        Assert.Empty(world.Gatherer.Of<GatheringEvent.ConnectionUnwanted>());
        world.Run(1);
        Assert.Equal(0, world.Stream.Allocations);
        Assert.Equal(id, Assert.Single(world.Gatherer.Of<GatheringEvent.ConnectionUnwanted>()).Id);
    }

    [Fact]
    public void Closing_while_dialling_stops_the_dial()
    {
        var world = World();
        world.Gatherer.Do((gatherer, now) => gatherer.Close(now));
        Assert.Single(world.Gatherer.Of<GatheringEvent.ConnectionUnwanted>());
        Assert.Equal(Instant.Never, world.Gatherer.WakeAt);
    }

    private static GatheringWorld World(bool tls = false) => new([GatheringWorld.TurnServer(Server, tls: tls)]);
}
