using System.Diagnostics;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Interop.Tests.Gathering;

/// <summary>Our client and the server that most of the world runs.</summary>
public sealed class CoturnTests
{
    private static readonly (string, string) Password = ("user", "pass");

    [Theory]
    [InlineData(TransportProtocol.Udp, false)]
    [InlineData(TransportProtocol.Tcp, false)]
    [InlineData(TransportProtocol.Tcp, true)]
    public void Packets_go_both_ways_by_indication_and_then_by_channel(TransportProtocol protocol, bool tls)
    {
        using var coturn = Coturn.StartWithPassword("--allow-loopback-peers");
        using var loop = new GathererLoop(GathererLoop.Turn(coturn, Password, protocol, tls)).Settle();

        loop.Send(1);
        loop.RunUntil(() => loop.Delivered.Count == 1);
        Assert.Equal(0, loop.OnChannel);
        for (byte i = 2; i <= 101; i++)
        {
            loop.Send(i, 2, 3, 4, 5, 6); // not a multiple of four: padding over a stream
            loop.RunUntil(() => loop.Delivered.Count == i);
        }

        Assert.InRange(loop.OnChannel, 50, 100); // how soon coturn binds it is the machine's mood
        Assert.All(loop.Delivered, delivered => Assert.Equal(loop.Peer, delivered.Source));
        Assert.Equal([101, 2, 3, 4, 5, 6], loop.Delivered[^1].Payload);
        Assert.Empty(loop.Seen.OfType<Observation.DatagramDropped>());
    }

    [Fact]
    public void A_lent_credential_is_taken_and_an_expired_or_a_wrong_one_is_not()
    {
        using var coturn = Coturn.Start("--use-auth-secret", "--static-auth-secret", Coturn.Secret, "-r", "thaw.test");
        using var good = new GathererLoop(GathererLoop.Turn(coturn, Coturn.Lend(TimeSpan.FromMinutes(5)))).Settle();
        Assert.Single(good.Gatherer.Addresses);

        var lent = Coturn.Lend(TimeSpan.FromMinutes(-5));
        using var expired = new GathererLoop(GathererLoop.Turn(coturn, lent)).Settle();
        Assert.Equal((GatheringFailure.Unauthorized, 401), (expired.Failure.Cause, expired.Failure.Code));
        Assert.True(new Protocol.Turn.TurnCredential(lent.Username, lent.Password).ExpiresAtUnixTime < DateTimeOffset.UtcNow.ToUnixTimeSeconds());

        using var wrong = new GathererLoop(GathererLoop.Turn(coturn, Coturn.Lend(TimeSpan.FromMinutes(5), "another secret"))).Settle();
        Assert.Equal((GatheringFailure.Unauthorized, 401), (wrong.Failure.Cause, wrong.Failure.Code));
    }

    // What the guide promises of long calls: an allocation lives on the credential that made it.
    [Fact]
    public void An_allocation_outlives_its_credential()
    {
        using var coturn = Coturn.Start("--use-auth-secret", "--static-auth-secret", Coturn.Secret, "-r", "thaw.test", "--max-allocate-lifetime=7", "--allow-loopback-peers");
        using var loop = new GathererLoop(GathererLoop.Turn(coturn, Coturn.Lend(TimeSpan.FromSeconds(2)))).Settle();
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(loop.Seen.OfType<Observation.RelayAllocated>()).Lifetime);

        var waited = Stopwatch.StartNew();
        loop.RunUntil(() => waited.Elapsed > TimeSpan.FromSeconds(9)); // over by then, had it not been refreshed at 5 s

        Assert.Empty(loop.Seen.OfType<Observation.RelayLost>());
        loop.Send(1);
        loop.RunUntil(() => loop.Delivered.Count > 0);
    }

    [Fact]
    public void A_full_quota_is_named_and_closing_makes_room()
    {
        using var coturn = Coturn.StartWithPassword("--user-quota=1");
        using var first = new GathererLoop(GathererLoop.Turn(coturn, Password)).Settle();
        using var second = new GathererLoop(GathererLoop.Turn(coturn, Password)).Settle();
        Assert.Equal((GatheringFailure.QuotaReached, 486), (second.Failure.Cause, second.Failure.Code));

        first.Close();
        for (var freed = Stopwatch.StartNew(); ; Thread.Sleep(200)) // coturn counts it out a second or two later
        {
            using var third = new GathererLoop(GathererLoop.Turn(coturn, Password)).Settle();
            if (third.Gatherer.Addresses.Count == 1) break;
            Assert.True(freed.Elapsed < TimeSpan.FromSeconds(10), string.Join('\n', third.Seen));
        }
    }

    [Fact]
    public void A_forbidden_peer_is_named()
    {
        using var coturn = Coturn.StartWithPassword(); // loopback is denied by default
        using var loop = new GathererLoop(GathererLoop.Turn(coturn, Password)).Settle();
        loop.Send(1);
        loop.RunUntil(() => loop.Seen.OfType<Observation.PeerRefused>().Any());
        Assert.Equal(403, loop.Seen.OfType<Observation.PeerRefused>().Single().Code);
    }

    [Fact]
    public void A_restarted_server_costs_one_call_and_gives_a_new_relay()
    {
        using var coturn = Coturn.StartWithPassword("--allow-loopback-peers");
        using var loop = new GathererLoop(GathererLoop.Turn(coturn, Password)).Settle();
        coturn.Restart();
        loop.Send(1);
        loop.RunUntil(() => loop.Seen.OfType<Observation.RelayLost>().Any());
        loop.RunUntil(() => loop.Gatherer.Addresses.Count == 1);
        loop.Send(2);
        loop.RunUntil(() => loop.Delivered.Count == 1);
    }

    [Fact]
    public void A_redirect_is_followed()
    {
        using var there = Coturn.StartWithPassword("--allow-loopback-peers");
        using var coturn = Coturn.StartWithPassword($"--alternate-server={there.Address}");
        using var loop = new GathererLoop(GathererLoop.Turn(coturn, Password)).Settle();
        Assert.Single(loop.Seen.OfType<Observation.ServerRedirected>());
        loop.Send(1);
        loop.RunUntil(() => loop.Delivered.Count == 1);
    }
}
