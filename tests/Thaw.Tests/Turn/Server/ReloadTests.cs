using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

public sealed class ReloadTests
{
    private static readonly TransportAddress Peer = At("203.0.113.5", 7000);

    private readonly TurnTable _table = new();

    [Fact]
    public void Users_that_come_may_allocate_and_those_that_go_may_not_but_their_calls_go_on()
    {
        var client = _table.Client();
        var relayed = client.Allocate().Relayed;
        client.Bind(0x4000, Peer);

        Reload(Served with { Users = [new TurnUser("carol", "new")] });

        Assert.NotNull(client.SendOnChannel(0x4000, "x"u8));
        Assert.NotNull(_table.Put(Peer, relayed, "y"u8));
        Assert.Equal(600u, client.Refresh().Lifetime);
        Assert.True(client.Permit(Peer).Succeeded);
        Assert.Equal(401, _table.Client(port: 2).Allocate().Code);
        Assert.True(_table.Client(port: 3, user: "carol", password: "new").Allocate().Succeeded);
        Assert.Empty(_table.Of<Observation.AllocationEnded>());
    }

    [Fact]
    public void A_changed_password_takes_over_an_allocation_and_the_answer_is_signed_with_it()
    {
        var client = _table.Client();
        client.Allocate();
        Reload(Served with { Users = [new TurnUser("alice", "changed")] });

        Assert.True(client.Refresh().Succeeded); // with the key that made it
        client.Password = "changed";
        var reply = client.Refresh();
        Assert.True(reply.Succeeded);
        Assert.Equal(StunSeal.Valid, reply.Message.CheckIntegrity(client.Key));
        client.Password = "secret";
        Assert.Equal(401, client.Refresh().Code); // and now that one is over
    }

    [Fact]
    public void Secrets_and_quotas_change_and_what_is_above_a_new_quota_stays()
    {
        Assert.True(_table.Client(port: 1).Allocate().Succeeded);
        Assert.True(_table.Client(port: 2).Allocate().Succeeded);
        Reload(Served with { UserQuota = 1, TotalQuota = 3 });

        Assert.Equal(2, _table.Server.AllocationCount);
        Assert.Equal(486, _table.Client(port: 3).Allocate().Code);
        Assert.True(_table.Client(port: 4, user: "bob", password: "hunter2").Allocate().Succeeded);
        Assert.Equal(508, _table.Client(port: 5, user: "bob", password: "hunter2").Allocate().Code);
        Reload(Served);
        Assert.True(_table.Client(port: 5, user: "bob", password: "hunter2").Allocate().Succeeded);
    }

    [Fact]
    public void A_peer_that_is_no_longer_allowed_is_cut_off_at_once_and_the_others_are_not()
    {
        var other = At("203.0.113.200", 7000);
        var client = _table.Client();
        var relayed = client.Allocate().Relayed;
        client.Bind(0x4000, Peer);
        client.Bind(0x4001, other);

        Reload(Served with { Policy = PeerPolicy.Public.With([AddressPrefix.Parse("203.0.113.128/25")], []) });

        Assert.Null(client.SendOnChannel(0x4000, "x"u8));
        Assert.Null(client.Send(Peer, "x"u8));
        Assert.Null(_table.Put(Peer, relayed, "y"u8));
        Assert.Equal(403, client.Permit(Peer).Code);
        Assert.Equal(403, client.Bind(0x4000, Peer).Code);
        Assert.NotNull(client.SendOnChannel(0x4001, "x"u8));
        Assert.NotNull(_table.Put(other, relayed, "y"u8));
    }

    [Fact]
    public void Rates_come_into_force_for_the_allocations_that_live()
    {
        var client = _table.Client();
        client.Allocate();
        client.Bind(0x4000, Peer);
        Reload(Served with { MaxRate = 1000 });
        for (int i = 0; i < 10; i++) client.SendOnChannel(0x4000, new byte[1000]);
        Assert.True(_table.Server.Counters.Dropped(RelayDrop.OverRate) > 0);
        Reload(Served);
        Assert.NotNull(client.SendOnChannel(0x4000, new byte[1000]));
    }

    [Fact]
    public void What_clients_hold_already_stays_as_it_was()
    {
        var client = _table.Client();
        client.Allocate();
        Reload(Served with { Realm = "other", RelayAddresses = [], FirstRelayPort = 1, LastRelayPort = 2, NonceKey = new byte[32], OffersSha256 = false });

        Assert.True(client.AskOnce(StunMethod.Refresh)!.Succeeded); // with the nonce of before
        Assert.InRange(_table.Client(port: 2).Allocate().Relayed.Port, 49152, 65535);
    }

    [Fact]
    public void A_secret_instead_of_users_changes_the_nonces_features_and_clients_find_their_way()
    {
        var client = _table.Client();
        client.Allocate();
        Reload(Served with { SharedSecrets = ["north"] });

        Assert.Equal(438, client.AskOnce(StunMethod.Refresh)!.Code);
        Assert.Equal(600u, client.Refresh().Lifetime);
    }

    [Fact]
    public void Options_that_contradict_each_other_change_nothing()
    {
        var twice = Served with { Users = [new TurnUser("x", "1"), new TurnUser("x", "2")], MaxRate = 1 };
        var refused = Assert.Throws<ArgumentException>(() => Reload(twice));

        Assert.Contains("x", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => TurnServer.Check(Served, twice));
        Assert.True(_table.Client().Allocate().Succeeded);
    }

    [Fact]
    public void A_draining_server_goes_on_draining()
    {
        _table.Server.IsDraining = true;
        Reload(Served);
        Assert.Equal(508, _table.Client().Allocate().Code);
    }

    [Fact]
    public void Coturn_3c5b2615_what_is_booked_stays_booked_on_who_booked_it_until_the_allocation_ends()
    {
        var table = new TurnTable(Served with { UserQuota = 1 });
        var client = table.Client();
        client.Allocate();
        table.Server.Reload(table.Options with { Users = [new TurnUser("alice", "changed")] }, table.Now);
        client.Password = "changed";
        client.Refresh();
        Assert.Equal(486, table.Client(port: 2, password: "changed").Allocate().Code);
        client.Refresh(0);
        Assert.Equal(0, table.Ledger.Count);
        Assert.True(table.Client(port: 2, password: "changed").Allocate().Succeeded);
    }

    private void Reload(TurnServerOptions options)
    {
        _table.Server.Reload(options, _table.Now);
        _table.Drain();
    }
}
