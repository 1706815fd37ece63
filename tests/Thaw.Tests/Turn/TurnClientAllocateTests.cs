using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Turn;

public sealed class TurnClientAllocateTests
{
    [Fact]
    public void A_challenge_is_answered_and_the_allocation_tells_both_addresses()
    {
        var world = new TurnWorld().Allocate();
        var allocated = Assert.Single(world.Client.Of<TurnClientEvent.Allocated>());
        Assert.Equal([TurnWorld.RelayAddress.WithPort(50_000)], allocated.Relayed);
        Assert.Equal(TurnWorld.Local, allocated.Mapped);
        Assert.Equal(TimeSpan.FromSeconds(600), allocated.Lifetime);
        Assert.Equal(440, allocated.OtherFamilyError);
        Assert.Equal(TimeSpan.FromMilliseconds(80), world.Net.Elapsed); // two round trips
        Assert.Equal([false, true], world.Asked(StunMethod.Allocate).Select(asked => asked.IsSealed));
    }

    [Fact]
    public void A_server_that_relays_both_families_gives_two_addresses()
    {
        var world = new TurnWorld(relays6: true).Allocate();
        Assert.Equal([TurnWorld.RelayAddress.WithPort(50_000), TurnWorld.RelayAddress6.WithPort(50_000)], world.Client.Machine.Relayed);

        world.Client.Do((client, now) => client.Send(TurnWorld.PeerAddress6, [6], now));
        world.Run(1);
        Assert.Equal([6], Assert.Single(world.Delivered));
        Assert.Equal(TurnWorld.RelayAddress6.WithPort(50_000), Assert.Single(world.Peer.Machine.Heard));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(420)]
    [InlineData(440)]
    public void A_server_that_chokes_on_the_second_family_is_asked_without(int code)
    {
        bool refused = false;
        var world = new TurnWorld(server: s => s.Refuse = asked => asked.IsSealed && !refused && (refused = true) ? code : 0).Allocate();
        Assert.Single(world.Client.Machine.Relayed);
        Assert.Equal(0, Assert.Single(world.Client.Of<TurnClientEvent.Allocated>()).OtherFamilyError); // not asked for
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sha256_is_used_where_the_server_offers_it(bool hidesUsernames)
    {
        var world = new TurnWorld(server: s => (s.OffersSha256, s.HidesUsernames) = (true, hidesUsernames)).Allocate();
        world.Send(1);
        world.Run(1);
        Assert.Single(world.Delivered);
        Assert.Equal(2, world.Asked(StunMethod.Allocate).Count());
    }

    [Fact]
    public void A_challenge_that_lost_its_algorithms_is_not_answered()
        => Fails(GatheringFailure.BidDown, 401, server => server.StripsAlgorithms = true);

    [Fact]
    public void An_answer_sealed_by_less_than_was_agreed_on_is_dropped()
    {
        var world = new TurnWorld(server: s => s.OffersSha256 = true);
        // The attribute's number is changed to MESSAGE-INTEGRITY: what is left is no seal that counts.
        world.Server.Spoil = answer => { if (answer.Length > 40 && answer[1] == 3 && answer[0] == 1 && answer[^36..^34] is [0, 0x1C]) answer[^35] = 8; };
        world.Run(9);
        Assert.Empty(world.Client.Of<TurnClientEvent.Allocated>());
        Assert.Contains(world.Client.Of<Observation.DatagramDropped>(), dropped => dropped.Reason is DropReason.BadIntegrity);
    }

    [Fact]
    public void A_wrong_password_is_told_from_the_challenge()
        => Fails(GatheringFailure.Unauthorized, 401, credential: new TurnCredential("user", "wrong"));

    [Fact]
    public void A_challenge_without_a_credential_is_named()
    {
        var world = new TurnWorld(isAnonymous: true);
        world.Run(11);
        Assert.Equal(GatheringFailure.NoCredential, Assert.Single(world.Client.Of<TurnClientEvent.Failed>()).Cause);
    }

    [Theory]
    [InlineData(400, GatheringFailure.BadRequest)]
    [InlineData(403, GatheringFailure.Forbidden)]
    [InlineData(420, GatheringFailure.UnknownAttribute)]
    [InlineData(440, GatheringFailure.FamilyNotSupported)]
    [InlineData(441, GatheringFailure.WrongCredentials)]
    [InlineData(442, GatheringFailure.TransportNotSupported)]
    [InlineData(443, GatheringFailure.FamilyNotSupported)]
    [InlineData(486, GatheringFailure.QuotaReached)]
    [InlineData(500, GatheringFailure.ServerError)]
    [InlineData(508, GatheringFailure.InsufficientCapacity)]
    [InlineData(599, GatheringFailure.ServerError)]
    public void A_refusal_is_named(int code, GatheringFailure cause)
    {
        Fails(cause, code, server => server.Refuse = asked => asked.IsSealed ? code : 0);
        Fails(cause, code, server => (server.Refuse, server.SealsErrors) = (asked => asked.IsSealed ? code : 0, false)); // as pion's
        var world = Fails(cause, code, server => server.Refuse = _ => code);
        Assert.Equal($"Error  {code}", Assert.Single(world.Client.Of<TurnClientEvent.Failed>()).Reason); // no line breaks of strangers
    }

    [Fact]
    public void Silence_ends_at_the_requests_deadline_after_five_transmissions()
    {
        var world = Fails(GatheringFailure.Timeout, 0, server => server.Refuse = _ => -1);
        Assert.Equal([20, 520, 1520, 2520, 3520], world.Server.Requests.Select(asked => (asked.At - new Instant(0)).TotalMilliseconds));
        Assert.Equal(TimeSpan.FromSeconds(5), world.Client.When<TurnClientEvent.Failed>());
    }

    [Fact]
    public void Slow_answers_end_at_the_attempts_deadline()
    {
        var world = Fails(GatheringFailure.Timeout, 0, server => server.Refuse = asked => asked.IsSealed ? 438 : 0, new Link(LatencyMs: 2_400));
        Assert.Equal(TimeSpan.FromSeconds(10), world.Client.When<TurnClientEvent.Failed>());
    }

    [Fact]
    public void Over_a_stream_nothing_is_sent_twice()
    {
        var world = new TurnWorld(protocol: TransportProtocol.Tcp, server: s => s.Refuse = _ => -1);
        world.Run(11);
        Assert.Single(world.Server.Requests);
        Assert.Equal(TimeSpan.FromSeconds(5), world.Client.When<TurnClientEvent.Failed>());
    }

    [Fact]
    public void A_stale_nonce_is_replaced_and_a_nonce_loop_ends()
    {
        var world = new TurnWorld(server: s => s.Refuse = asked => { if (asked.IsSealed && s.Requests.Count == 2) s.ChangeNonce(); return 0; }).Allocate();
        Assert.Equal(3, world.Server.Requests.Count);

        world = Fails(GatheringFailure.NonceLoop, 438, server => server.Refuse = asked => { server.ChangeNonce(); return asked.IsSealed ? 438 : 0; });
        Assert.Equal(4, world.Server.Requests.Count);
    }

    [Fact]
    public void An_allocation_left_by_an_earlier_life_is_cleared_first()
    {
        var world = new TurnWorld(server: s => s.Occupy(TurnWorld.Local)).Allocate();
        Assert.Equal([StunMethod.Allocate, StunMethod.Allocate, StunMethod.Refresh, StunMethod.Allocate], world.Server.Requests.Select(asked => asked.Method));
        Assert.Equal(1, world.Server.Allocations);

        Fails(GatheringFailure.AllocationMismatch, 437, server => server.Refuse = asked => asked.IsSealed ? 437 : 0);
    }

    [Fact]
    public void A_redirect_is_told_with_its_address()
    {
        var there = TurnWorld.Address("198.51.100.2", 3479);
        var world = new TurnWorld(server: s => (s.Refuse, s.Alternate) = (_ => 300, there));
        world.Run(1);
        Assert.Equal(there, Assert.Single(world.Client.Of<TurnClientEvent.Redirected>()).Alternate);
        Assert.Equal(TurnClientState.Ended, world.State);

        Fails(GatheringFailure.BadAnswer, 300, server => server.Refuse = _ => 300); // to nowhere
    }

    [Fact]
    public void An_answer_from_elsewhere_or_with_a_broken_seal_is_dropped_and_the_true_one_still_counts()
    {
        var world = new TurnWorld();
        byte[] forged = [];
        world.Server.Spoil = answer => forged = [.. answer];
        world.Run(0.03); // the server has answered, the client has not heard it
        world.Client.Deliver(TurnWorld.ServerAddress.WithPort(9), TurnWorld.Local, forged);
        Assert.Equal(DropReason.NoRoute, Assert.Single(world.Client.Of<Observation.DatagramDropped>()).Reason);
        Assert.Single(world.Server.Requests);

        bool spoilt = false;
        world.Server.Spoil = answer => { if (world.Server.Requests.Count == 2 && !spoilt) { spoilt = true; answer[^1] ^= 1; } };
        world.Run(0.2);
        Assert.Equal(DropReason.BadIntegrity, world.Client.Of<Observation.DatagramDropped>().Last().Reason);
        world.Server.Restart(); // so that the retransmission is granted again
        world.Allocate();
    }

    [Fact]
    public void A_success_without_a_seal_is_no_success()
    {
        var world = new TurnWorld(server: s => s.SealsAnswers = false);
        world.Run(11);
        Assert.Empty(world.Client.Of<TurnClientEvent.Allocated>());
        Assert.Contains(world.Client.Of<Observation.DatagramDropped>(), dropped => dropped.Reason is DropReason.MissingAttribute);
    }

    [Theory]
    [InlineData("")]
    [InlineData("long")]
    public void A_challenge_that_cannot_be_answered_is_named(string realm)
        => Fails(GatheringFailure.BadChallenge, 401, server => server.RealmSaid = realm == "long" ? new string('r', 440) : "",
            credential: new TurnCredential(new string('u', 600), "pass"));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Thirty_percent_loss_both_ways_does_not_keep_it_from_allocating_in_most_worlds(int start)
    {
        int allocated = 0;
        for (int seed = start * 20; seed < start * 20 + 20; seed++)
        {
            var world = new TurnWorld(seed, link: new Link(LatencyMs: 30, JitterMs: 30, Loss: 0.3));
            world.Run(10);
            if (world.State is TurnClientState.Allocated) allocated++;
            else Assert.NotEqual(GatheringFailure.BadAnswer, Assert.Single(world.Client.Of<TurnClientEvent.Failed>()).Cause);
        }

        Assert.InRange(allocated, 17, 20); // each request has five chances of 0.49; the gatherer tries again
    }

    private static TurnWorld Fails(
        GatheringFailure cause, int code, Action<ScriptedTurnServer>? server = null, Link? link = null, TurnCredential? credential = null)
    {
        var world = new TurnWorld(server: server, link: link, credential: credential);
        world.Run(20);
        var failed = Assert.Single(world.Client.Of<TurnClientEvent.Failed>());
        Assert.Equal((cause, code), (failed.Cause, failed.Code));
        Assert.Equal(TurnClientState.Ended, world.State);
        Assert.Equal(Instant.Never, world.Client.WakeAt);
        return world;
    }
}
