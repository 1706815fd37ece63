using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>RFC 8016: an allocation follows its client.</summary>
public sealed class MobilityTests
{
    private static readonly TransportAddress Peer = At("203.0.113.5", 7000);

    private readonly TurnTable _table = new(Served with { IsMobile = true, Shard = 3, UnprovenAnswersAtOnce = 10_000 });

    [Fact]
    public void Nobody_gets_a_ticket_without_asking_or_where_there_is_no_mobility()
    {
        Assert.Empty(_table.Client().Allocate().Ticket);
        var table = new TurnTable();
        Assert.Equal(405, table.Client().AllocateMobile().Code);
        Assert.True(table.Client().Allocate().Succeeded);
        Assert.Equal(405, table.Client().Move(new byte[16]).Code);
    }

    [Fact]
    public void A_ticket_in_an_Allocate_is_400()
        => Assert.Equal(400, _table.Client().Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.MobilityTicket, new byte[16])).Code);

    [Fact]
    public void The_allocation_is_where_it_was_until_data_comes_from_the_new_place()
    {
        var (home, relayed, ticket) = Start();
        var away = _table.Client("192.0.2.99", 6000);
        var moved = away.Move(ticket);

        Assert.True(moved.Succeeded);
        Assert.Equal(600u, moved.Lifetime);
        Assert.NotEqual(ticket, moved.Ticket);
        Assert.Equal(away.Address, _table.LastSent.Single().Destination);

        // Both may send, and the old place receives.
        Assert.Equal(home.Address, _table.Put(Peer, relayed, "in"u8)!.Destination);
        Assert.NotNull(home.SendOnChannel(0x4000, "out"u8));
        Assert.Equal(home.Address, _table.Put(Peer, relayed, "in"u8)!.Destination);
        Assert.True(away.Permit(At("203.0.113.9")).Succeeded); // a request is no data
        Assert.Equal(home.Address, _table.Put(Peer, relayed, "in"u8)!.Destination);

        Assert.Equal(Peer, away.SendOnChannel(0x4000, "out"u8)!.Destination);
        Assert.Equal(away.Address, _table.Put(Peer, relayed, "in"u8)!.Destination);
        Assert.Null(home.SendOnChannel(0x4000, "out"u8)); // the old place is nobody's now
        Assert.Equal(437, home.Refresh().Code);
        Assert.Equal(new Observation.AllocationMoved(home.FiveTuple, away.FiveTuple, "alice"), _table.Of<Observation.AllocationMoved>().Single());
        Assert.Equal(1, _table.Server.AllocationCount);
    }

    [Fact]
    public void A_Send_indication_is_data_too()
    {
        var (_, relayed, ticket) = Start();
        var away = _table.Client(port: 6000);
        away.Move(ticket);
        Assert.NotNull(away.Send(Peer, "out"u8));
        Assert.Equal(away.Address, _table.Put(Peer, relayed, "in"u8)!.Destination);
    }

    [Fact]
    public void An_answer_that_was_lost_is_repeated_and_a_client_that_moves_on_meanwhile_is_not_lost()
    {
        var (_, relayed, ticket) = Start();
        var first = _table.Client(port: 6000);
        byte[] second = first.Move(ticket).Ticket;
        Assert.Equal(second, first.Move(ticket).Ticket); // the same again

        var third = _table.Client(port: 6001); // it never heard the answer
        byte[] fresh = third.Move(ticket).Ticket;
        Assert.NotEqual(second, fresh);
        Assert.Equal(437, _table.Client(port: 6002).Move(second).Code); // nobody has heard of this one
        Assert.Null(first.SendOnChannel(0x4000, "out"u8)); // replaced

        Assert.NotNull(third.SendOnChannel(0x4000, "out"u8));
        Assert.Equal(third.Address, _table.Put(Peer, relayed, "in"u8)!.Destination);
        Assert.Equal(437, _table.Client(port: 6003).Move(ticket).Code); // single use
        Assert.True(_table.Client(port: 6004).Move(fresh).Succeeded);
    }

    [Fact]
    public void A_ticket_is_good_for_its_user_only()
    {
        var (_, _, ticket) = Start();
        Assert.Equal(441, _table.Client(port: 6000, user: "bob", password: "hunter2").Move(ticket).Code);
        Assert.Equal(401, _table.Client(port: 6001, password: "wrong").Move(ticket).Code);
        Assert.Empty(_table.Events);
        Assert.Equal(437, _table.Client(port: 6002).Move([.. ticket[..15], (byte)(ticket[15] ^ 1)]).Code);
        Assert.Equal(437, _table.Client(port: 6003).Move(ticket[..15]).Code);
    }

    [Fact]
    public void A_place_has_one_allocation()
    {
        var (home, _, ticket) = Start();
        var away = _table.Client(port: 6000);
        away.Allocate();
        Assert.Equal(437, away.Move(ticket).Code);

        var third = _table.Client(port: 6001);
        third.Move(ticket);
        Assert.Equal(437, third.Allocate().Code);
        ticket[0]++;
        Assert.Equal(437, home.Move(ticket).Code); // of a server beside this one
        ticket[0]--;
        Assert.True(home.Move(ticket).Succeeded); // where it is: an ordinary Refresh
    }

    [Fact]
    public void Coturn_a97f1924_a_thousand_moves_leave_one_place_to_go_to()
    {
        var (_, _, ticket) = Start();
        for (ushort i = 0; i < 1000; i++)
        {
            var away = _table.Client(port: (ushort)(6000 + i));
            var moved = away.Move(ticket);
            Assert.True(moved.Succeeded);
            if (i % 3 == 0) ticket = moved.Ticket;
        }

        var came = _table.Events.OfType<TurnServerEvent.ClientMoves>().Count();
        var left = _table.Events.OfType<TurnServerEvent.ClientLeft>().Count();
        Assert.Equal((1000, 999), (came, left));
        Assert.Null(_table.Client(port: 6998).SendOnChannel(0x4000, "x"u8));
        Assert.NotNull(_table.Client(port: 6999).SendOnChannel(0x4000, "x"u8));
    }

    [Fact]
    public void Coturn_3c5b2615_the_quota_is_held_once_for_as_long_as_the_allocation_lives()
    {
        var table = new TurnTable(_table.Options with { UserQuota = 1 });
        var home = table.Client();
        byte[] ticket = home.AllocateMobile().Ticket;
        home.Permit(Peer);
        for (ushort i = 0; i < 5; i++)
        {
            var away = table.Client(port: (ushort)(6000 + i));
            ticket = away.Move(ticket).Ticket;
            away.Send(Peer, "x"u8);
            Assert.Equal(1, table.Ledger.Count);
            Assert.Equal(486, table.Client(port: 9).Allocate().Code);
        }

        Assert.True(table.Client(port: 6004).Refresh(0).Succeeded);
        Assert.Equal(0, table.Ledger.Count);
        Assert.Equal(437, table.Client(port: 10).Move(ticket).Code);
        Assert.True(table.Client(port: 9).Allocate().Succeeded);
    }

    [Fact]
    public void A_move_with_lifetime_0_ends_the_allocation()
    {
        var (_, _, ticket) = Start();
        Assert.Equal(0u, _table.Client(port: 6000).Move(ticket, lifetime: 0).Lifetime);
        Assert.Equal(0, _table.Server.AllocationCount);
    }

    [Fact]
    public void An_allocation_that_runs_out_takes_its_tickets_and_places_with_it()
    {
        var (_, _, ticket) = Start();
        var away = _table.Client(port: 6000);
        byte[] fresh = away.Move(ticket).Ticket;
        _table.Pass(600);
        Assert.Null(away.SendOnChannel(0x4000, "x"u8));
        Assert.Equal(437, away.Move(fresh).Code);
        Assert.Equal(437, _table.Client(port: 6001).Move(ticket).Code);
        Assert.Equal(new TurnServerEvent.ClientLeft(away.FiveTuple), _table.Events[^1]);
        Assert.True(away.Allocate().Succeeded);
    }

    [Fact]
    public void A_stream_that_ends_takes_the_allocation_with_it_unless_it_is_moving()
    {
        var client = _table.Stream();
        byte[] ticket = client.AllocateMobile().Ticket;
        var next = _table.Stream(port: 5001);
        ticket = next.Move(ticket).Ticket;
        _table.Server.Disconnected(client.FiveTuple, _table.Now);
        Assert.NotNull(_table.Server.Find(next.FiveTuple));

        var third = _table.Client(port: 5002);
        third.Move(ticket);
        _table.Server.Disconnected(third.FiveTuple, _table.Now); // where it is going, not where it is
        Assert.NotNull(_table.Server.Find(next.FiveTuple));
        _table.Server.Disconnected(next.FiveTuple, _table.Now);
        Assert.Equal(0, _table.Server.AllocationCount);
    }

    [Fact]
    public void A_TCP_relay_does_not_move()
    {
        var table = new TurnTable(_table.Options with { RelaysTcp = true });
        var reply = table.Stream().AllocateTcp((ref StunWriter writer) => writer.Add(StunAttributeType.MobilityTicket));
        Assert.True(reply.Succeeded);
        Assert.Empty(reply.Ticket);
    }

    [Fact]
    public void Tickets_cannot_be_told_in_advance_and_name_the_shard()
    {
        var tickets = Enumerable.Range(1, 50).Select(i => _table.Client(port: (ushort)i).AllocateMobile().Ticket).ToArray();
        Assert.All(tickets, ticket => Assert.Equal(3, ticket[0]));
        Assert.Equal(50, tickets.Select(ticket => Convert.ToHexString(ticket[1..9])).Distinct().Count());
    }

    [Fact]
    public void What_comes_to_the_wrong_server_names_the_right_one()
    {
        byte[] ticket = new byte[16];
        ticket[0] = 9;
        var client = _table.Client();
        Assert.True(TurnRouting.TryFindShard(client.Compose(StunMethod.Refresh, (ref StunWriter w) => w.Add(StunAttributeType.MobilityTicket, ticket)), out byte shard));
        Assert.Equal(9, shard);
        Assert.True(TurnRouting.TryFindShard(client.Compose(StunMethod.ConnectionBind, (ref StunWriter w) => w.Add(StunAttributeType.ConnectionId, 5u << 24)), out shard));
        Assert.Equal(5, shard);
        Assert.False(TurnRouting.TryFindShard(client.Compose(StunMethod.Refresh, null), out _));
        Assert.False(TurnRouting.TryFindShard(client.Compose(StunMethod.Allocate, (ref StunWriter w) => w.Add(StunAttributeType.MobilityTicket, ticket)), out _));
        Assert.False(TurnRouting.TryFindShard([], out _));
        Assert.False(TurnRouting.TryFindShard([0, 4, 0, 0], out _));
        Assert.False(TurnRouting.TryFindShard(TurnClient.OnChannel(0x4000, ticket), out _));
    }

    private (TurnClient Home, TransportAddress Relayed, byte[] Ticket) Start()
    {
        var home = _table.Client();
        var reply = home.AllocateMobile();
        Assert.True(home.Bind(0x4000, Peer).Succeeded);
        return (home, reply.Relayed, reply.Ticket);
    }
}
