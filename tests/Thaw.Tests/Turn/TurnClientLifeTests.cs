using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;

namespace Thaw.Tests.Turn;

public sealed class TurnClientLifeTests
{
    [Fact]
    public void An_allocation_is_refreshed_at_a_quarter_of_its_lifetime_and_stays()
    {
        var world = new TurnWorld().Allocate();
        world.Run(3600);
        var refreshes = world.Asked(StunMethod.Refresh).ToArray();
        Assert.Equal(24, refreshes.Length);
        Assert.All(refreshes, asked => Assert.Null(asked.Lifetime));
        Assert.True(world.Client.Machine.IsTrusted);
    }

    [Fact]
    public void A_short_lifetime_is_refreshed_no_more_than_every_five_seconds()
    {
        var world = new TurnWorld(server: s => s.Lifetime = 8).Allocate();
        world.Run(100);
        Assert.InRange(world.Asked(StunMethod.Refresh).Count(), 15, 21);
        Assert.Equal(TurnClientState.Allocated, world.State);
    }

    [Fact]
    public void A_lifetime_of_nothing_is_no_allocation()
    {
        var world = new TurnWorld(server: s => s.Lifetime = 0);
        world.Run(2);
        Assert.Equal(GatheringFailure.BadAnswer, Assert.Single(world.Client.Of<TurnClientEvent.Failed>()).Cause);
    }

    [Fact]
    public void A_stale_nonce_on_refresh_costs_one_more_request()
    {
        var world = new TurnWorld().Allocate();
        world.Server.ChangeNonce();
        world.Run(160);
        Assert.Equal(2, world.Asked(StunMethod.Refresh).Count());
        Assert.True(world.Client.Machine.IsTrusted);
    }

    [Fact]
    public void A_server_that_was_restarted_has_lost_the_allocation()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Restart();
        world.Run(160);
        var lost = Assert.Single(world.Client.Of<TurnClientEvent.Lost>());
        Assert.Equal((GatheringFailure.AllocationMismatch, 437), (lost.Cause, lost.Code));
        Assert.Equal((TurnClientState.Ended, Instant.Never), (world.State, world.Client.WakeAt));
        Assert.Empty(world.Client.Machine.Relayed);
    }

    [Fact]
    public void A_server_that_comes_back_with_another_realm_is_asked_under_it()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Restart();
        world.Server.RealmSaid = "other.example";
        world.Run(160);
        Assert.Equal(GatheringFailure.AllocationMismatch, Assert.Single(world.Client.Of<TurnClientEvent.Lost>()).Cause);
    }

    [Fact]
    public void A_doubt_is_settled_by_asking_at_once()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Restart();
        world.Client.Do((client, now) => client.Verify(now));
        world.Client.Do((client, now) => client.Verify(now)); // already asked
        world.Run(1);
        Assert.Single(world.Client.Of<TurnClientEvent.Lost>());
        Assert.Equal(2, world.Asked(StunMethod.Refresh).Count()); // the nonce is a new one, too
    }

    [Fact]
    public void A_silent_server_loses_our_trust_at_once_and_the_allocation_at_its_end()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Refuse = _ => -1;
        world.Run(160);
        Assert.False(world.Client.Machine.IsTrusted);
        Assert.Equal(TurnClientState.Allocated, world.State);
        Assert.Equal(GatheringFailure.Timeout, Assert.Single(world.Client.Of<TurnClientEvent.TrustChanged>()).Cause);

        world.Run(450);
        Assert.Equal(GatheringFailure.Expired, Assert.Single(world.Client.Of<TurnClientEvent.Lost>()).Cause);
        Assert.InRange(world.Client.When<TurnClientEvent.Lost>().TotalSeconds, 600, 600.1);
        Assert.InRange(world.Server.Requests.Count, 100, 170); // patient, not frantic
    }

    [Fact]
    public void A_server_that_answers_again_is_trusted_again()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Refuse = _ => -1;
        world.Run(200);
        world.Server.Refuse = _ => 0;
        world.Run(20);
        Assert.True(world.Client.Machine.IsTrusted);
        Assert.Equal(2, world.Client.Of<TurnClientEvent.TrustChanged>().Count());
    }

    [Fact]
    public void What_is_refused_a_refresh_relays_to_its_end_and_is_not_offered()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Refuse = asked => asked.Method is StunMethod.Refresh ? 401 : 0; // the credential has expired
        world.Run(160);
        Assert.Equal((TurnClientState.Expiring, false), (world.State, world.Client.Machine.IsTrusted));
        Assert.Equal(GatheringFailure.Unauthorized, Assert.Single(world.Client.Of<TurnClientEvent.TrustChanged>()).Cause);
        world.Send(1);
        world.Run(1);
        Assert.Single(world.Delivered);
        world.Run(450);
        Assert.Equal(GatheringFailure.Unauthorized, Assert.Single(world.Client.Of<TurnClientEvent.Lost>()).Cause);
    }

    [Fact]
    public void Closing_gives_the_allocation_back()
    {
        var world = new TurnWorld().Allocate();
        world.Client.Do((client, now) => client.Close(now));
        Assert.Equal(TurnClientState.Closing, world.State);
        world.Run(1);
        Assert.Equal((0, TurnClientState.Ended), (world.Server.Allocations, world.State));
        Assert.Equal(0U, Assert.Single(world.Asked(StunMethod.Refresh)).Lifetime);
        Assert.Single(world.Client.Of<TurnClientEvent.Closed>());
    }

    [Fact]
    public void Closing_with_a_stale_nonce_still_gives_it_back()
    {
        var world = new TurnWorld().Allocate();
        world.Server.ChangeNonce();
        world.Client.Do((client, now) => client.Close(now));
        world.Run(1);
        Assert.Equal(0, world.Server.Allocations);
    }

    [Fact]
    public void Closing_towards_a_silent_server_ends_after_five_seconds()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Refuse = _ => -1;
        world.Client.Do((client, now) => client.Close(now));
        world.Run(10);
        Assert.InRange(world.Client.When<TurnClientEvent.Closed>().TotalSeconds, 5, 5.2);
        Assert.Equal(Instant.Never, world.Client.WakeAt);
    }

    [Fact]
    public void Closing_while_the_answer_is_on_its_way_gives_back_what_it_brings()
    {
        var world = new TurnWorld();
        world.Run(0.07); // granted, and not yet heard
        Assert.Equal(1, world.Server.Allocations);
        world.Client.Do((client, now) => client.Close(now));
        world.Run(1);
        Assert.Equal((0, TurnClientState.Ended), (world.Server.Allocations, world.State));
        Assert.Empty(world.Client.Of<TurnClientEvent.Allocated>());
    }

    [Fact]
    public void Closing_before_anything_could_be_granted_ends_at_once()
    {
        var world = new TurnWorld();
        world.Client.Do((client, now) => client.Close(now));
        Assert.Equal(TurnClientState.Ended, world.State);
    }

    [Fact]
    public void The_end_of_a_time_limited_credential_can_be_read()
    {
        Assert.Equal(1_700_000_000, new TurnCredential("1700000000:bob", "x").ExpiresAtUnixTime);
        Assert.Equal(1_700_000_000, new TurnCredential("1700000000", "x").ExpiresAtUnixTime);
        Assert.Null(new TurnCredential("bob", "x").ExpiresAtUnixTime);
        Assert.Null(new TurnCredential("42:bob", "x").ExpiresAtUnixTime);
    }

    [Fact]
    public void A_credential_never_prints_its_password()
        => Assert.DoesNotContain("hunter2", new TurnCredential("bob", "hunter2").ToString(), StringComparison.Ordinal);
}
