using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Tests.Turn;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Gathering;

public sealed class BindingTests
{
    private static readonly TransportAddress Public = TurnWorld.Address("203.0.113.200", 40_000);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_mapped_address_is_learned_in_one_round_trip(bool isOld)
    {
        var world = World();
        world.Stun.Machine.IsOld = isOld;
        world.Settle();
        Assert.Equal(new GatheredAddress(GatheredKind.ServerReflexive, Public, GatheringWorld.Base, GatheringWorld.StunServer()), Assert.Single(world.Addresses));
        Assert.Equal(TimeSpan.FromMilliseconds(40), world.Net.Elapsed);
        Assert.Single(world.Gatherer.Of<GatheringEvent.AddressesChanged>());
        Assert.Single(world.Gatherer.Of<GatheringEvent.Settled>());
        Assert.Equal(TimeSpan.FromMilliseconds(40), Assert.Single(world.Gatherer.Of<Observation.MappedAddressLearned>()).RoundTrip);
    }

    [Fact]
    public void Nothing_translates_nothing_listed()
    {
        var world = new GatheringWorld([GatheringWorld.StunServer()]).Settle();
        Assert.Empty(world.Addresses);
        Assert.Empty(world.Failures);
        Assert.Single(world.Gatherer.Of<Observation.MappedAddressLearned>());
    }

    [Fact]
    public void A_silent_server_is_given_up_after_five_requests_and_three_seconds_and_asked_again_ever_more_rarely()
    {
        var world = World();
        world.Stun.Machine.IsSilent = true;
        world.Settle();
        Assert.Equal([20, 520, 1020, 1520, 2020], world.Stun.Machine.Asked.Select(asked => (asked.At - new Instant(0)).TotalMilliseconds));
        Assert.Equal(TimeSpan.FromSeconds(3), world.Net.Elapsed);
        var failed = Assert.Single(world.Failures);
        Assert.Equal((GatheringFailure.Timeout, "stun"), (failed.Cause, failed.Server));
        Assert.InRange(failed.RetryIn.TotalSeconds, 4, 6);

        world.Run(3600);
        Assert.InRange(world.Failures.Count(), 12, 22);
        Assert.InRange(world.Failures.Last().RetryIn.TotalSeconds, 240, 360);
        world.Stun.Machine.IsSilent = false;
        world.Run(400);
        Assert.Equal([Public], world.Mapped);
    }

    [Fact]
    public void It_is_asked_again_about_every_25_seconds()
    {
        var world = World();
        world.Run(1000);
        Assert.InRange(world.Stun.Machine.Asked.Count, 34, 50);
        var gaps = world.Stun.Machine.Asked.Zip(world.Stun.Machine.Asked.Skip(1), (a, b) => (b.At - a.At).TotalSeconds).ToArray();
        Assert.All(gaps, gap => Assert.InRange(gap, 20, 30.1));
        Assert.True(gaps.Max() - gaps.Min() > 1); // jittered
    }

    [Fact]
    public void A_translator_that_was_restarted_changes_the_address()
    {
        var world = World().Settle();
        world.Nat!.Reboot();
        world.Run(31);
        Assert.Equal([Public.WithPort(40_001)], world.Mapped);
        var changed = Assert.Single(world.Gatherer.Of<Observation.MappedAddressChanged>());
        Assert.Equal((Public, Public.WithPort(40_001)), (changed.Was, changed.Mapped));
        Assert.Equal(2, world.Gatherer.Of<GatheringEvent.AddressesChanged>().Count());
    }

    [Fact]
    public void A_server_that_falls_silent_takes_the_address_with_it_after_two_rounds()
    {
        var world = World().Settle();
        world.Stun.Machine.IsSilent = true;
        world.Run(24);
        Assert.NotEmpty(world.Addresses);
        world.Run(13);
        Assert.Empty(world.Addresses);
    }

    [Theory]
    [InlineData(400, GatheringFailure.BadRequest)]
    [InlineData(401, GatheringFailure.NoCredential)]
    [InlineData(403, GatheringFailure.Forbidden)]
    [InlineData(300, GatheringFailure.RedirectRefused)]
    [InlineData(500, GatheringFailure.ServerError)]
    public void An_error_is_named(int code, GatheringFailure cause)
    {
        var world = World();
        world.Stun.Machine.Code = code;
        world.Settle();
        Assert.Equal((cause, code), (Assert.Single(world.Failures).Cause, world.Failures.Single().Code));
    }

    [Theory]
    [InlineData("203.0.113.200", 0)]
    [InlineData("2001:db8::1", 5)]
    public void An_address_that_nobody_can_use_is_no_answer(string address, int port)
    {
        var world = World();
        world.Stun.Machine.Lie = _ => TurnWorld.Address(address, port);
        world.Settle();
        Assert.Empty(world.Addresses);
        Assert.Equal(GatheringFailure.BadAnswer, Assert.Single(world.Failures).Cause);
    }

    [Fact]
    public void Two_servers_that_agree_give_one_address_and_two_that_do_not_give_two()
    {
        GatheringServer[] both = [GatheringWorld.StunServer(), GatheringWorld.TurnServer()];
        var options = new GathererOptions { MaxRelays = 0 };
        var world = new GatheringWorld(both, options: options, nat: Dependence.EndpointIndependent);
        world.Run(2);
        Assert.Equal([Public], world.Mapped);

        world = new GatheringWorld(both, options: options, nat: Dependence.AddressAndPortDependent);
        world.Run(2);
        Assert.Equal([Public, Public.WithPort(40_001)], world.Mapped);
    }

    [Fact]
    public void Every_base_is_asked_from_in_turn_and_a_base_that_goes_takes_its_address()
    {
        var world = new GatheringWorld([GatheringWorld.StunServer()], [GatheringWorld.Base, GatheringWorld.OtherBase], nat: Dependence.EndpointIndependent);
        world.Settle();
        Assert.Equal([Public, Public.WithPort(40_001)], world.Mapped);
        Assert.Equal([20, 40], world.Stun.Machine.Asked.Select(asked => (asked.At - new Instant(0)).TotalMilliseconds)); // Ta

        world.Gatherer.Do((gatherer, now) => gatherer.SetBases([GatheringWorld.OtherBase], now));
        Assert.Equal([Public.WithPort(40_001)], world.Mapped);
    }

    [Fact]
    public void Loopback_and_link_local_keep_to_themselves()
    {
        var loopback = TurnWorld.Address("127.0.0.1", 40_000);
        var linkLocal = TurnWorld.Address("fe80::1", 40_000);
        TransportAddress[] bases = [loopback, GatheringWorld.Base, linkLocal];
        var world = new GatheringWorld([GatheringWorld.StunServer(), GatheringWorld.StunServer(TurnWorld.Address("127.0.0.1", 3478)),
            GatheringWorld.StunServer(TurnWorld.Address("2001:db8::7", 3478))], bases).Settle();
        Assert.Equal([GatheringWorld.Base, loopback], world.Stun.Machine.Asked.Select(asked => asked.Client));
        Assert.Equal(GatheringFailure.NoBase, Assert.Single(world.Failures).Cause);
    }

    [Fact]
    public void An_answer_counts_only_from_whom_it_was_asked_and_once()
    {
        var world = World();
        byte[] answer = [];
        world.Net.Firewalls.Add(packet =>
        {
            if (packet.From != world.Stun) return true;
            answer = packet.Payload;
            return false;
        });
        world.Run(0.03);
        world.Gatherer.Deliver(GatheringWorld.StunAddress.WithPort(1), GatheringWorld.Base, answer);
        world.Gatherer.Deliver(GatheringWorld.StunAddress, GatheringWorld.OtherBase, answer);
        Assert.Empty(world.Addresses);
        world.Gatherer.Deliver(GatheringWorld.StunAddress, GatheringWorld.Base, answer);
        Assert.NotEmpty(world.Addresses);
        world.Gatherer.Deliver(GatheringWorld.StunAddress, GatheringWorld.Base, answer);
        Assert.Equal(3, world.Gatherer.Of<Observation.DatagramDropped>().Count(dropped => dropped.Reason is DropReason.UnknownTransaction));
    }

    [Fact]
    public void With_thirty_percent_loss_the_address_neither_fails_nor_flaps_much()
    {
        var world = World(link: new Link(Loss: 0.3));
        world.Run(3600);
        Assert.InRange(world.Failures.Count(), 0, 3);
        Assert.InRange(world.Gatherer.Of<GatheringEvent.AddressesChanged>().Count(), 1, 5);
    }

    private static GatheringWorld World(Link? link = null)
        => new GatheringWorld([GatheringWorld.StunServer()], link: link, nat: Dependence.EndpointIndependent);
}
