using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Tests.Turn;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Gathering;

public sealed class RelayTests
{
    [Fact]
    public void A_turn_server_gives_a_mapped_and_a_relayed_address_and_relays()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()], nat: Dependence.EndpointIndependent);
        world.Settle();
        Assert.Equal([TurnWorld.Address("203.0.113.200", 40_000)], world.Mapped);
        Assert.Equal(TurnWorld.RelayAddress.WithPort(50_000), world.Relayed);
        Assert.Equal(world.Relayed, world.Addresses[^1].Base);
        Assert.InRange(Assert.Single(world.Gatherer.Of<Observation.RelayAllocated>()).Took.TotalMilliseconds, 80, 81);

        world.Send(1);
        world.Run(1);
        var delivery = Assert.Single(world.Gatherer.Seen, seen => seen.Kind is OutputKind.Delivery);
        Assert.Equal([1], delivery.Payload);
    }

    [Fact]
    public void A_server_that_does_not_answer_binding_requests_still_gives_the_mapped_address()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()], nat: Dependence.EndpointIndependent);
        world.Turn.AnswersBinding = false;
        world.Run(10);
        Assert.Single(world.Mapped);
        Assert.Empty(world.Failures);
    }

    [Fact]
    public void One_relay_a_server_whatever_the_bases_and_the_rest_is_given_back()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()], [GatheringWorld.Base, GatheringWorld.OtherBase]).Settle();
        world.Run(2);
        Assert.Single(world.Relays);
        Assert.Equal([GatheringWorld.Base], world.Turn.Clients);
    }

    [Fact]
    public void The_base_that_works_gets_the_relay()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()], [GatheringWorld.Base, GatheringWorld.OtherBase]);
        world.Net.Firewalls.Add(packet => packet.Source != GatheringWorld.Base);
        world.Net.RunUntil(() => world.Relays.Length == 1, TimeSpan.FromSeconds(0.2));
        Assert.True(world.Gatherer.Machine.IsSettled); // nobody waits for the dead one
    }

    [Fact]
    public void Relays_are_bounded_and_one_that_stood_by_takes_over()
    {
        var world = new GatheringWorld(
            [GatheringWorld.TurnServer(), GatheringWorld.TurnServer(GatheringWorld.SecondTurn)], options: new GathererOptions { MaxRelays = 1 }).Settle();
        world.Run(2);
        Assert.Single(world.Relays);
        Assert.Equal(1, world.Turn.Allocations + world.Second.Allocations);

        var (first, other) = world.Turn.Allocations == 1 ? (world.Turn, world.Second) : (world.Second, world.Turn);
        first.Restart();
        first.Refuse = asked => asked.Method is StunMethod.Allocate ? 508 : 0;
        world.Run(200);
        Assert.Equal(1, other.Allocations);
        Assert.Single(world.Relays);
    }

    [Fact]
    public void No_relay_is_asked_for_where_none_is_allowed()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()], options: new GathererOptions { MaxRelays = 0 }).Settle();
        world.Run(60);
        Assert.Empty(world.Turn.Requests);
    }

    [Fact]
    public void A_wrong_password_is_told_and_tried_again_at_once_when_another_is_set()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer(credential: new TurnCredential("user", "wrong"))]).Settle();
        var failed = Assert.Single(world.Failures);
        Assert.Equal((GatheringFailure.Unauthorized, 401, "turn"), (failed.Cause, failed.Code, failed.Server));
        Assert.InRange(failed.RetryIn.TotalMinutes, 4, 6);

        world.SetServers(GatheringWorld.TurnServer());
        world.Run(1);
        Assert.Single(world.Relays);
    }

    [Theory]
    [InlineData(486, 60, 90)]
    [InlineData(508, 60, 90)] // RFC 8656 §7.4: a minute at least
    [InlineData(403, 240, 360)]
    [InlineData(500, 4, 6)]
    public void Each_refusal_has_its_patience(int code, int least, int most)
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]);
        world.Turn.Refuse = asked => asked.IsSealed ? code : 0;
        world.Settle();
        Assert.InRange(Assert.Single(world.Failures).RetryIn.TotalSeconds, least, most);
        world.Turn.Refuse = _ => 0;
        world.Run(most + 1);
        Assert.Single(world.Relays);
    }

    [Fact]
    public void The_same_servers_again_keep_the_allocation_and_new_credentials_wait_for_the_next()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]).Settle();
        var relayed = world.Relayed;
        world.Gatherer.Seen.Clear();
        world.SetServers(GatheringWorld.StunServer(), GatheringWorld.TurnServer(credential: new TurnCredential("1900000000:user", "other")));
        world.Run(400);
        Assert.Equal(relayed, world.Relayed);
        Assert.Empty(world.Gatherer.Of<Observation.RelayLost>());
        Assert.Empty(world.Failures);
    }

    [Fact]
    public void A_server_that_is_taken_away_gets_its_allocation_back()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]).Settle();
        world.SetServers();
        Assert.Empty(world.Addresses);
        Assert.Equal(GatheringFailure.Withdrawn, Assert.Single(world.Gatherer.Of<Observation.RelayLost>()).Cause);
        world.Run(1);
        Assert.Equal(0, world.Turn.Allocations);
        Assert.Equal(Instant.Never, world.Gatherer.WakeAt);
    }

    [Fact]
    public void A_restarted_server_is_missed_and_asked_for_a_new_relay()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]).Settle();
        var first = world.Relayed;
        world.Turn.Restart();
        world.Run(155);
        Assert.NotEqual(first, world.Relayed);
        Assert.Equal(GatheringFailure.AllocationMismatch, Assert.Single(world.Gatherer.Of<Observation.RelayLost>()).Cause);
    }

    [Fact]
    public void A_new_call_finds_out_that_the_server_was_restarted()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]).Settle();
        var first = world.Relayed;
        world.Turn.Restart();
        world.Send(1);
        world.Run(0.5);
        Assert.NotEqual(first, world.Relayed);
    }

    [Fact]
    public void A_server_that_loses_every_allocation_at_once_is_not_hammered()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]);
        world.Turn.Refuse = asked => asked.Method is StunMethod.CreatePermission ? 437 : 0;
        for (int i = 0; i < 600; i++)
        {
            if (world.Relays is [var relayed]) world.Gatherer.Do((gatherer, now) => gatherer.SendRelayed(relayed, TurnWorld.PeerAddress, [1], now));
            world.Run(0.1);
        }

        Assert.InRange(world.Turn.Requests.Count, 5, 60);
    }

    [Fact]
    public void A_new_mapped_address_means_that_the_allocation_is_out_of_reach()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()], nat: Dependence.EndpointIndependent).Settle();
        var first = world.Relayed;
        world.Nat!.Reboot();
        world.Run(31);
        Assert.NotEqual(first, world.Relayed);
        Assert.Equal(2, world.Turn.Allocations); // the old one's five-tuple is not ours any more
    }

    [Fact]
    public void A_redirect_is_followed_with_the_same_credential()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]);
        (world.Turn.Refuse, world.Turn.Alternate) = (_ => 300, GatheringWorld.SecondTurn);
        world.Settle();
        Assert.Equal(1, world.Second.Allocations);
        Assert.Equal(GatheringWorld.SecondTurn, Assert.Single(world.Gatherer.Of<Observation.ServerRedirected>()).To);
        world.Send(1);
        world.Run(1);
        Assert.Single(world.Delivered);
    }

    [Fact]
    public void A_redirect_loop_ends()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]);
        (world.Turn.Refuse, world.Turn.Alternate) = (_ => 300, GatheringWorld.SecondTurn);
        (world.Second.Refuse, world.Second.Alternate) = (_ => 300, TurnWorld.ServerAddress);
        world.Settle();
        Assert.Equal(GatheringFailure.RedirectLoop, Assert.Single(world.Failures).Cause);
        Assert.Equal(2, world.Turn.Requests.Count + world.Second.Requests.Count);
    }

    [Fact]
    public void Ever_new_redirects_end()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]);
        int hops = 0;
        world.Turn.Refuse = _ => { world.Turn.Alternate = TurnWorld.ServerAddress.WithPort((ushort)(4000 + hops++)); return 300; };
        world.TurnEnd.Addresses.AddRange(Enumerable.Range(4000, 10).Select(port => TurnWorld.ServerAddress.WithPort((ushort)port)));
        world.Settle();
        Assert.Contains(world.Failures.Single().Cause, (GatheringFailure[])[GatheringFailure.RedirectLoop, GatheringFailure.Timeout]);
        Assert.InRange(world.Gatherer.Of<Observation.ServerRedirected>().Count(), 1, 3);
    }

    [Theory]
    [InlineData("127.0.0.1", 3478)]
    [InlineData("198.51.100.2", 0)]
    [InlineData("2001:db8::1", 3478)]
    public void A_redirect_to_where_nobody_should_be_sent_is_refused(string address, int port)
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]);
        (world.Turn.Refuse, world.Turn.Alternate) = (_ => 300, TurnWorld.Address(address, port));
        world.Settle();
        Assert.Equal(GatheringFailure.RedirectRefused, Assert.Single(world.Failures).Cause);
    }

    [Fact]
    public void What_cannot_be_asked_is_told_once_and_settles()
    {
        GatheringServer[] odd = [GatheringWorld.StunServer(GatheringWorld.StunAddress.Over(TransportProtocol.Tcp)), GatheringWorld.TurnServer(tls: true)];
        var world = new GatheringWorld(odd);
        world.SetServers(odd);
        Assert.True(world.Gatherer.Machine.IsSettled);
        Assert.Equal([GatheringFailure.TransportNotSupported, GatheringFailure.TransportNotSupported], world.Failures.Select(failed => failed.Cause));
    }

    [Fact]
    public void No_list_of_servers_is_too_long()
    {
        var servers = Enumerable.Range(1, 40).Select(i => GatheringWorld.TurnServer(TurnWorld.Address($"198.51.100.{i + 100}", 3478))).ToArray();
        var bases = Enumerable.Range(1, 6).Select(i => TurnWorld.Address($"192.0.2.{i}", 40_000)).ToArray();
        var world = new GatheringWorld(servers, bases);
        Assert.Equal(30, world.Failures.Count(failed => failed.Cause is GatheringFailure.LimitReached)); // ten with six paths each
        world.Run(1);
        Assert.InRange(world.Net.Sent, 20, 100); // Ta paces what is new, the schedule what is repeated
    }

    [Fact]
    public void Closing_gives_every_allocation_back_and_goes_silent()
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer(), GatheringWorld.TurnServer(GatheringWorld.SecondTurn), GatheringWorld.StunServer()]).Settle();
        Assert.Equal(2, world.Relays.Length);
        world.Gatherer.Do((gatherer, now) => gatherer.Close(now));
        Assert.Empty(world.Addresses);
        world.Run(1);
        Assert.Equal(0, world.Turn.Allocations + world.Second.Allocations);
        int sent = world.Net.Sent;
        world.Run(1000);
        Assert.Equal((sent, Instant.Never), (world.Net.Sent, world.Gatherer.WakeAt));
    }

    [Fact]
    public void With_thirty_percent_loss_both_ways_every_world_gets_its_relay_and_keeps_it()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            var world = new GatheringWorld([GatheringWorld.TurnServer()], seed: seed, link: new Link(LatencyMs: 30, JitterMs: 30, Loss: 0.3));
            world.Net.RunUntil(() => world.Relays.Length == 1, TimeSpan.FromSeconds(60));
            world.Run(900);
            Assert.InRange(world.Gatherer.Of<Observation.RelayLost>().Count(), 0, 2);
        }
    }

    [Fact]
    public void What_goes_to_an_unknown_relay_is_counted()
    {
        var world = new GatheringWorld([]);
        world.Gatherer.Do((gatherer, now) => gatherer.SendRelayed(TurnWorld.RelayAddress.WithPort(1), TurnWorld.PeerAddress, [1], now));
        Assert.Equal(1, world.Gatherer.Machine.Dropped);
    }
}
