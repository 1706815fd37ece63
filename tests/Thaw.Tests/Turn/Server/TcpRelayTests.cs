using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>RFC 6062, with a host that only writes down what it is asked.</summary>
public sealed class TcpRelayTests
{
    private static readonly TransportAddress Peer = At("203.0.113.5", 7000);
    private static readonly TransportAddress PeerTcp = Peer.Over(TransportProtocol.Tcp);

    private readonly TurnTable _table = new(Served with { RelaysTcp = true, MaxConnections = 3, TotalConnections = 5 });

    private RelayedConnection LastDialled => _table.Events.OfType<TurnServerEvent.Dial>().Last().Connection;

    private IEnumerable<RelayedConnection> Closed => _table.Events.OfType<TurnServerEvent.Close>().Select(close => close.Connection);

    [Fact]
    public void Without_leave_it_is_as_if_there_were_no_such_thing()
    {
        var table = new TurnTable();
        Assert.Equal(442, table.Stream().AllocateTcp().Code);
        Assert.Equal(400, table.Stream(port: 2).Connect(Peer).Code);
        Assert.Equal(400, table.Stream(port: 3).BindConnection(1).Code);
        Assert.Empty(table.Events);
    }

    [Fact]
    public void A_client_connects_to_a_peer_and_joins_it_with_a_second_stream()
    {
        var client = Allocated();
        Assert.Null(Connect(client)); // answered when the dial has come to its end
        Assert.Equal((PeerTcp, PeerTcp), (LastDialled.Peer, LastDialled.PeerFromHere));
        Assert.Equal(TransportProtocol.Tcp, LastDialled.Relayed.Local.Protocol);

        var answer = Dialled(LastDialled, isConnected: true)!;
        Assert.True(answer.Succeeded);
        Assert.Equal(StunMethod.Connect, answer.Message.Method);
        Assert.Equal(StunSeal.Valid, answer.Message.CheckIntegrity(client.Key));

        var data = _table.Stream(port: 5001);
        Assert.True(data.BindConnection(answer.ConnectionId).Succeeded);
        Assert.Equal(new TurnServerEvent.Join(LastDialled, data.FiveTuple), _table.Events[^1]);
        _table.Pass(300); // bound, it has no deadline of its own
        Assert.Equal(1, _table.Server.ConnectionCount);
        Assert.Empty(Closed);
    }

    [Theory]
    [InlineData(StunAttributeType.EvenPort)]
    [InlineData(StunAttributeType.DontFragment)]
    [InlineData(StunAttributeType.ReservationToken)]
    public void What_speaks_of_datagrams_is_400(StunAttributeType type)
    {
        Assert.Equal(400, _table.Stream().AllocateTcp((ref StunWriter writer) => writer.Add(type, new byte[type is StunAttributeType.ReservationToken ? 8 : type is StunAttributeType.EvenPort ? 1 : 0])).Code);
        Assert.Equal(0, _table.Server.AllocationCount);
    }

    [Fact]
    public void A_client_over_UDP_gets_no_TCP_relay_and_a_UDP_relay_no_connections()
    {
        Assert.Equal(400, _table.Client().AllocateTcp().Code);
        var udp = _table.Stream(port: 2);
        udp.Allocate();
        Assert.Equal(400, udp.Connect(Peer).Code);
        Assert.Equal(400, Allocated(port: 3).Bind(0x4000, Peer).Code);
        Assert.Empty(_table.Events);
    }

    [Fact]
    public void A_TCP_relay_relays_no_datagrams()
    {
        var client = Allocated();
        client.Permit(Peer);
        Assert.Null(client.Send(Peer, "x"u8));
        Assert.Null(_table.Put(Peer, _table.Ports.Opened.Single().Over(TransportProtocol.Udp), "x"u8));
    }

    [Fact]
    public void IPv6_and_two_families_are_served_too()
    {
        var six = At("2001:db8:9::3", 7003);
        var client = _table.Stream();
        Assert.True(client.AllocateTcp((ref StunWriter writer) => writer.Add(StunAttributeType.RequestedAddressFamily, 2u << 24)).Succeeded);
        Assert.Equal(443, client.Connect(Peer).Code);
        Assert.Null(Connect(client, six));
        Assert.True(LastDialled.Relayed.Local.IsIPv6);

        var both = _table.Stream(port: 2);
        Assert.True(both.AllocateTcp((ref StunWriter writer) => writer.Add(StunAttributeType.AdditionalAddressFamily, 2u << 24)).Succeeded);
        Connect(both, six);
        Connect(both);
        both.Ask(StunMethod.Refresh, (ref StunWriter writer) =>
        {
            writer.Add(StunAttributeType.Lifetime, 0u);
            writer.Add(StunAttributeType.RequestedAddressFamily, 2u << 24);
        });
        Assert.Equal(six.Over(TransportProtocol.Tcp), Assert.Single(Closed).Peer); // its family went, the other stays
    }

    [Fact]
    public void A_dial_that_fails_is_447_and_the_peer_may_be_tried_again()
    {
        var client = Allocated();
        Connect(client);
        Assert.Equal(447, Dialled(LastDialled, isConnected: false)!.Code);
        Assert.Equal(0, _table.Server.ConnectionCount);
        Assert.Null(Connect(client));
    }

    [Fact]
    public void A_dial_without_end_is_447_after_30_seconds_and_called_off()
    {
        var client = Allocated();
        Connect(client);
        Connect(client, At("203.0.113.6", 1));
        _table.Pass(29);
        Assert.Empty(_table.LastSent);
        _table.Pass(1);

        Assert.Equal(2, _table.LastSent.Count); // several at one instant
        Assert.All(_table.LastSent, sent => Assert.Equal(447, new Reply(sent.Bytes).Code));
        Assert.Equal(2, Closed.Count());
        Assert.Null(Dialled(LastDialled, isConnected: true)); // it came too late, and changes nothing
        Assert.Equal(0, _table.Server.ConnectionCount);
    }

    [Fact]
    public void Who_does_not_bind_in_30_seconds_loses_the_connection()
    {
        var client = Allocated();
        Connect(client);
        uint id = Dialled(LastDialled, isConnected: true)!.ConnectionId;
        _table.Pass(29);
        Assert.Empty(Closed);
        _table.Pass(1);

        Assert.Equal(LastDialled, Assert.Single(Closed));
        Assert.Empty(_table.LastSent);
        Assert.Equal(400, _table.Stream(port: 5001).BindConnection(id).Code);
    }

    [Fact]
    public void The_same_peer_twice_is_446()
    {
        var client = Allocated();
        Connect(client);
        Assert.Equal(446, client.Connect(Peer).Code); // dialling
        uint id = Dialled(LastDialled, isConnected: true)!.ConnectionId;
        Assert.Equal(446, client.Connect(Peer).Code); // pending
        _table.Stream(port: 5001).BindConnection(id);
        Assert.Equal(446, client.Connect(Peer).Code); // active
        _table.Server.ConnectionEnded(LastDialled, 10, 20, _table.Now);
        Assert.Null(Connect(client));
        Assert.Equal((10, 20), (_table.Server.Counters.BytesToPeers, _table.Server.Counters.BytesToClients));
    }

    [Fact]
    public void A_peer_that_may_connects_and_the_client_is_told()
    {
        var client = Allocated();
        client.Permit(Peer);
        var connection = Accept(client, PeerTcp)!;

        var sent = Assert.Single(_table.LastSent);
        var attempt = new Reply(sent.Bytes);
        Assert.Equal(client.Address, sent.Destination);
        Assert.Equal((StunMethod.ConnectionAttempt, StunClass.Indication), (attempt.Message.Method, attempt.Message.Class));
        Assert.Equal(Peer, attempt.Address(StunAttributeType.XorPeerAddress));
        Assert.True(_table.Stream(port: 5001).BindConnection(attempt.ConnectionId).Succeeded);
        Assert.Equal(connection, Assert.IsType<TurnServerEvent.Join>(_table.Events[^1]).Connection);
    }

    [Fact]
    public void A_peer_that_is_not_bound_to_in_30_seconds_is_closed()
    {
        var client = Allocated();
        client.Permit(Peer);
        var connection = Accept(client, PeerTcp);
        _table.Pass(30);
        Assert.Equal(connection, Assert.Single(Closed));
    }

    [Fact]
    public void A_peer_without_permission_is_turned_away_and_the_client_hears_nothing()
    {
        var client = Allocated();
        client.Permit(Peer);
        Assert.Null(Accept(client, At("203.0.113.6", 7000).Over(TransportProtocol.Tcp)));
        _table.Pass(301);
        Assert.Null(Accept(client, PeerTcp)); // it has run out
        Assert.Empty(_table.LastSent);
        Assert.Equal(2, _table.Server.Counters.Dropped(RelayDrop.NoPermission));
    }

    [Theory]
    [InlineData("127.0.0.1", 80)]
    [InlineData("169.254.169.254", 80)]
    [InlineData("10.0.0.1", 22)]
    [InlineData("198.51.100.1", 3478)] // ourselves
    [InlineData("203.0.113.5", 0)]
    [InlineData("203.0.113.5", 53)]
    public void Slack_2020_Connect_is_no_way_to_look_at_the_network_behind_the_relay(string peer, int port)
    {
        Assert.Equal(403, Allocated().Connect(At(peer, (ushort)port)).Code);
        Assert.Empty(_table.Events);
    }

    [Fact]
    public void Pion_570_the_policy_holds_for_peers_that_connect_as_for_those_that_are_connected_to()
    {
        // The permission was given while the block was allowed; the rule is asked again when the peer comes.
        var table = new TurnTable(_table.Options with { Policy = new PeerPolicy([], [new PeerRule(AddressPrefix.Parse("203.0.113.0/24"), "denied")]) });
        var client = table.Stream();
        client.AllocateTcp();
        Assert.Equal(403, client.Permit(Peer).Code);
        Assert.Equal(403, client.Connect(Peer).Code);
        Assert.Null(table.Server.Accept(table.Server.FindRelayed(table.Ports.Opened.Single())!, PeerTcp, table.Now));

        Allocated(port: 9).Permit(Peer);
        Assert.Null(_table.Server.Accept(_table.Server.FindRelayed(_table.Ports.Opened.Single())!, At("203.0.113.5", 53), _table.Now));
        Assert.Equal(1, _table.Server.Counters.Dropped(RelayDrop.PeerDenied));
    }

    [Fact]
    public void Pion_7a0272f_nobody_connects_or_binds_without_a_credential()
    {
        var client = Allocated();
        client.Password = "wrong";
        Assert.Equal(401, client.Connect(Peer).Code);
        client.Nonce = [];
        Assert.Equal(401, client.AskOnce(StunMethod.Connect, (ref StunWriter writer) => writer.AddXorAddress(StunAttributeType.XorPeerAddress, Peer))!.Code);
        Assert.Empty(_table.Events);

        client.Password = "secret";
        client.Refresh();
        Connect(client);
        uint id = Dialled(LastDialled, isConnected: true)!.ConnectionId;
        Assert.Equal(401, _table.Stream(port: 5001, password: "wrong").BindConnection(id).Code);
        Assert.Equal(441, _table.Stream(port: 5002, user: "bob", password: "hunter2").BindConnection(id).Code);
        Assert.DoesNotContain(_table.Events, happened => happened is TurnServerEvent.Join);
        Assert.True(_table.Stream(port: 5003).BindConnection(id).Succeeded);
        Assert.Equal(400, _table.Stream(port: 5004).BindConnection(id).Code); // once
    }

    [Fact]
    public void A_bind_needs_a_stream_of_its_own()
    {
        var client = Allocated();
        Connect(client);
        uint id = Dialled(LastDialled, isConnected: true)!.ConnectionId;
        Assert.Equal(400, client.BindConnection(id).Code);
        Assert.Equal(400, _table.Client(port: 5001).BindConnection(id).Code);
        Assert.Equal(400, _table.Stream(port: 5002).BindConnection(id ^ 1).Code);
        Assert.Equal(400, _table.Stream(port: 5003).Ask(StunMethod.ConnectionBind).Code);
        Assert.Equal(437, _table.Stream(port: 5004).Connect(Peer).Code);
        Assert.Equal(400, client.Ask(StunMethod.Connect).Code);
    }

    [Fact]
    public void Connections_are_limited_for_one_allocation_and_for_all()
    {
        TurnClient one = Allocated(), two = Allocated(port: 5001);
        for (int i = 0; i < 3; i++) Assert.Null(Connect(one, At($"203.0.113.{i}", 1)));
        Assert.Equal(508, one.Connect(Peer).Code);
        one.Permit(Peer);
        Assert.Null(Accept(one, PeerTcp));
        for (int i = 0; i < 2; i++) Assert.Null(Connect(two, At($"203.0.113.{i}", 1)));
        Assert.Equal(508, two.Connect(Peer).Code);
        Assert.Equal(5, _table.Server.ConnectionCount);
        Assert.Equal(1, _table.Server.Counters.Dropped(RelayDrop.TooManyConnections));
    }

    [Theory]
    [InlineData("released")]
    [InlineData("expired")]
    [InlineData("disconnected")]
    [InlineData("closed")]
    public void No_connection_survives_its_allocation(string end)
    {
        var client = Allocated();
        Connect(client, At("203.0.113.1", 1));
        Connect(client, At("203.0.113.2", 1));
        var bound = LastDialled;
        _table.Stream(port: 5001).BindConnection(Dialled(bound, isConnected: true)!.ConnectionId);
        client.Permit(Peer);

        if (end is "expired") _table.Pass(570);
        Accept(client, PeerTcp);
        if (end is "released") client.Refresh(0);
        else if (end is "expired") _table.Pass(30);
        else if (end is "disconnected") _table.Server.Disconnected(client.FiveTuple, _table.Now);
        else _table.Server.Close(_table.Now);
        _table.Drain();

        Assert.Equal(0, _table.Server.ConnectionCount);
        Assert.Contains(bound, Closed);
        Assert.Empty(_table.Ports.Opened);
        Assert.DoesNotContain(_table.LastSent, sent => new Reply(sent.Bytes).Message.Method is StunMethod.Connect);
    }

    [Fact]
    public void Two_clients_of_one_relay_reach_each_other_and_nothing_else_here()
    {
        TurnClient one = Allocated(), two = Allocated(port: 5001);
        var relays = _table.Ports.Opened.Select(relayed => relayed.Over(TransportProtocol.Udp)).ToArray();
        Assert.Null(Connect(one, relays[1]));
        Assert.Equal(403, one.Connect(At("198.51.100.1", 22)).Code);

        // A UDP relay's number is no TCP port of ours.
        var udp = _table.Client(port: 5002).Allocate().Relayed;
        Assert.Equal(403, one.Connect(udp).Code);

        two.Permit(relays[0]);
        Assert.NotNull(_table.Server.Accept(_table.Server.FindRelayed(relays[1].Over(TransportProtocol.Tcp))!, relays[0], _table.Now));
    }

    [Fact]
    public void One_number_is_never_a_UDP_and_a_TCP_port_at_once()
    {
        var table = new TurnTable(_table.Options with { FirstRelayPort = 50_000, LastRelayPort = 50_003 });
        Assert.True(table.Stream(port: 1).AllocateTcp().Succeeded);
        Assert.True(table.Client(port: 2).Allocate().Succeeded);
        Assert.True(table.Stream(port: 3).AllocateTcp().Succeeded);
        Assert.True(table.Client(port: 4).Allocate().Succeeded);
        Assert.Equal(4, table.Ports.Opened.Select(relayed => relayed.Port).Distinct().Count());
        Assert.Equal(508, table.Stream(port: 5).AllocateTcp().Code);
    }

    [Fact]
    public void Connection_IDs_cannot_be_told_in_advance_and_name_the_shard()
    {
        var table = new TurnTable(_table.Options with { Shard = 7, MaxConnections = 100, TotalConnections = 100 });
        var client = table.Stream();
        client.AllocateTcp();
        for (ushort i = 1; i <= 50; i++) client.Connect(At("203.0.113.5", (ushort)(7000 + i)), isAnswered: false);
        uint[] ids = [.. table.Events.OfType<TurnServerEvent.Dial>().Select(dial => dial.Connection.Id)];
        Assert.Equal(50, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Equal(7u, id >> 24));
        Assert.InRange(ids.Max() - ids.Min(), 1u << 20, 1u << 24);
    }

    private TurnClient Allocated(ushort port = 5000)
    {
        var client = _table.Stream(port);
        Assert.True(client.AllocateTcp().Succeeded);
        return client;
    }

    private static Reply? Connect(TurnClient client, TransportAddress? peer = null) => client.Connect(peer ?? Peer, isAnswered: false);

    private Reply? Dialled(RelayedConnection connection, bool isConnected)
    {
        _table.Server.Dialled(connection, isConnected, _table.Now);
        return _table.Drain() is { } sent ? new Reply(sent.Bytes) : null;
    }

    private RelayedConnection? Accept(TurnClient client, TransportAddress peer)
    {
        var accepted = _table.Server.Accept(_table.Server.Find(client.FiveTuple)!.IPv4!, peer, _table.Now);
        _table.Drain();
        return accepted;
    }
}
