using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

public sealed class RelayTests
{
    private static readonly TransportAddress Peer = At("203.0.113.5", 7000);

    private readonly TurnTable _table = new();
    private readonly TurnClient _client;
    private readonly TransportAddress _relayed;

    public RelayTests()
    {
        _client = _table.Client();
        _relayed = _client.Allocate().Relayed;
    }

    [Fact]
    public void What_a_client_sends_goes_out_from_its_relayed_address_and_answers_come_back()
    {
        Assert.True(_client.Permit(Peer.WithPort(0)).Succeeded);

        var outward = _client.Send(Peer, "hello"u8)!;
        Assert.Equal((_relayed, Peer), (outward.Source, outward.Destination));
        Assert.Equal("hello"u8, outward.Bytes);

        var inward = _table.Put(Peer, _relayed, "world"u8)!;
        Assert.Equal((Listener, _client.Address), (inward.Source, inward.Destination));
        var data = new Reply(inward.Bytes);
        Assert.Equal((StunMethod.Data, StunClass.Indication), (data.Message.Method, data.Message.Class));
        Assert.Equal(Peer, data.Address(StunAttributeType.XorPeerAddress));
        Assert.Equal("world"u8, data.Value(StunAttributeType.Data));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1200)]
    public void Data_of_any_length_passes_by_both_ways(int length)
    {
        byte[] payload = [.. Enumerable.Range(0, length).Select(i => (byte)(i + 1))];
        _client.Permit(Peer);
        Assert.Equal(payload, _client.Send(Peer, payload)!.Bytes);
        Assert.Equal(payload, new Reply(_table.Put(Peer, _relayed, payload)!.Bytes).Value(StunAttributeType.Data));

        _client.Bind(0x4000, Peer);
        Assert.Equal(payload, _client.SendOnChannel(0x4000, payload)!.Bytes);
        Assert.Equal(TurnClient.OnChannel(0x4000, payload), _table.Put(Peer, _relayed, payload)!.Bytes);
    }

    [Theory]
    [InlineData(0x4000)]
    [InlineData(0x5FFF)] // of RFC 5766's range, which clients still use
    [InlineData(0x7FFF)]
    public void A_channel_carries_data_both_ways(ushort number)
    {
        Assert.True(_client.Bind(number, Peer).Succeeded);

        var outward = _client.SendOnChannel(number, "hello"u8)!;
        var inward = _table.Put(Peer, _relayed, "world"u8)!;

        Assert.Equal((_relayed, Peer), (outward.Source, outward.Destination));
        Assert.Equal("hello"u8, outward.Bytes);
        Assert.Equal(TurnClient.OnChannel(number, "world"u8), inward.Bytes);
    }

    [Fact]
    public void Over_a_stream_ChannelData_is_padded_with_zeros()
    {
        var overTcp = new TurnClient(_table, At("192.0.2.8", 99).Over(TransportProtocol.Tcp)) { User = "alice", Password = "secret" };
        var relayed = overTcp.Allocate().Relayed;
        overTcp.Bind(0x4000, Peer);

        var inward = _table.Put(Peer, relayed, "world"u8)!;

        Assert.Equal([.. TurnClient.OnChannel(0x4000, "world"u8), 0, 0, 0], inward.Bytes);
        Assert.Equal(overTcp.Address, inward.Destination);
        Assert.Equal("abc"u8, overTcp.Put([.. TurnClient.OnChannel(0x4000, "abc"u8), 0])!.Bytes);
    }

    [Fact]
    public void Without_a_permission_nothing_passes_either_way()
    {
        Assert.Null(_client.Send(Peer, "x"u8));
        Assert.Null(_table.Put(Peer, _relayed, "x"u8));
        Assert.Equal(2, _table.Server.Counters.Dropped(RelayDrop.NoPermission));
        Assert.Null(_client.SendOnChannel(0x4000, "x"u8));
        Assert.Equal(1, _table.Server.Counters.Dropped(RelayDrop.NoChannel));
    }

    [Fact]
    public void A_permission_is_for_every_port_of_one_address_and_lasts_five_minutes()
    {
        _client.Permit(Peer);
        Assert.NotNull(_table.Put(Peer.WithPort(1), _relayed, "x"u8));
        Assert.Null(_table.Put(At("203.0.113.6", 7000), _relayed, "x"u8));

        _table.Pass(299);
        Assert.NotNull(_table.Put(Peer, _relayed, "x"u8));
        _table.PassUnnoticed(1);
        Assert.Null(_table.Put(Peer, _relayed, "x"u8));
        Assert.Null(_client.Send(Peer, "x"u8));
    }

    [Fact]
    public void A_channel_outlives_its_permission_but_carries_nothing_until_the_permission_is_renewed()
    {
        _client.Bind(0x4000, Peer);
        _table.Pass(300);
        Assert.Null(_client.SendOnChannel(0x4000, "x"u8));
        Assert.Null(_table.Put(Peer, _relayed, "x"u8));

        _client.Permit(Peer);
        Assert.NotNull(_client.SendOnChannel(0x4000, "x"u8));
        Assert.Equal(0x40, _table.Put(Peer, _relayed, "x"u8)!.Bytes[0]);
    }

    [Fact]
    public void A_channel_lasts_ten_minutes_and_then_its_number_is_free()
    {
        _client.Refresh(3600);
        _client.Bind(0x4000, Peer);
        _table.Pass(599);
        _client.Permit(Peer);
        Assert.NotNull(_client.SendOnChannel(0x4000, "x"u8));

        _table.PassUnnoticed(1);
        Assert.Null(_client.SendOnChannel(0x4000, "x"u8));
        Assert.Equal(StunMethod.Data, new Reply(_table.Put(Peer, _relayed, "x"u8)!.Bytes).Message.Method);
        Assert.True(_client.Bind(0x4000, At("203.0.113.6", 1)).Succeeded);
    }

    [Fact]
    public void A_number_stands_for_one_peer_and_a_peer_has_one_number()
    {
        Assert.True(_client.Bind(0x4000, Peer).Succeeded);
        Assert.True(_client.Bind(0x4000, Peer).Succeeded);

        Assert.Equal(400, _client.Bind(0x4001, Peer).Code);
        Assert.Equal(new TurnRefusal.ChannelInUse(0x4000, Peer), _table.LastRefusal);
        Assert.Equal(400, _client.Bind(0x4000, At("203.0.113.6", 1)).Code);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x3FFFu)]
    [InlineData(0x8000u)]
    public void Numbers_outside_the_range_are_400(uint number) => Assert.Equal(400, _client.Bind(number, Peer).Code);

    [Fact]
    public void Several_permissions_are_all_installed_or_none()
    {
        Assert.Equal(403, _client.Permit(Peer, At("10.0.0.1")).Code);
        Assert.Null(_client.Send(Peer, "x"u8));

        Assert.True(_client.Permit(Peer, At("203.0.113.6")).Succeeded);
        Assert.NotNull(_client.Send(Peer, "x"u8));
        Assert.NotNull(_client.Send(At("203.0.113.6", 1), "x"u8));
        Assert.Equal(400, _client.Permit().Code);
    }

    [Fact]
    public void A_peer_of_the_other_family_is_443()
    {
        Assert.Equal(443, _client.Permit(At("2001:db8:9::1")).Code);
        Assert.Equal(443, _client.Bind(0x4000, At("2001:db8:9::1", 1)).Code);
    }

    [Fact]
    public void The_peers_of_one_allocation_are_bounded()
    {
        var table = new TurnTable(Served with { MaxPeers = 2 });
        var client = table.Client();
        client.Allocate();
        Assert.True(client.Bind(0x4000, At("203.0.113.1", 1)).Succeeded);
        Assert.True(client.Bind(0x4001, At("203.0.113.2", 1)).Succeeded);

        Assert.Equal(508, client.Bind(0x4002, At("203.0.113.2", 2)).Code);
        Assert.Equal(508, client.Permit(At("203.0.113.3")).Code);
        Assert.Equal(new TurnRefusal.TooManyPeers(2), table.LastRefusal);
        Assert.True(client.Bind(0x4001, At("203.0.113.2", 1)).Succeeded);
        table.Pass(300);
        Assert.True(client.Permit(At("203.0.113.3")).Succeeded);
    }

    [Fact]
    public void Two_clients_of_one_relay_reach_each_other_there_and_nothing_else_of_ours()
    {
        var other = _table.Client(port: 6000);
        var theirs = other.Allocate().Relayed;
        Assert.True(_client.Permit(theirs).Succeeded);
        Assert.True(other.Bind(0x4000, _relayed).Succeeded);

        var hop = _client.Send(theirs, "hello"u8)!;
        var arrived = _table.Put(hop.Source, hop.Destination, hop.Bytes)!;
        Assert.Equal(TurnClient.OnChannel(0x4000, "hello"u8), arrived.Bytes);

        Assert.Null(_client.Send(Listener, "x"u8));
        Assert.Equal(1, _table.Server.Counters.Dropped(RelayDrop.PeerDenied));
        Assert.Equal(403, _client.Bind(0x4000, Listener).Code);
        other.Refresh(0);
        Assert.Null(_client.Send(theirs, "x"u8));
    }

    [Fact]
    public void Behind_a_one_to_one_NAT_clients_are_told_the_public_address_and_meet_inside()
    {
        var table = new TurnTable(Served with { RelayAddresses = [new RelayAddress(At("10.0.0.2"), At("198.51.100.9"))] });
        TurnClient alice = table.Client(port: 1), bob = table.Client(port: 2);
        TransportAddress a = alice.Allocate().Relayed, b = bob.Allocate().Relayed;
        Assert.True(a.SameAddress(At("198.51.100.9")));
        alice.Permit(b);
        bob.Permit(a);

        var hop = alice.Send(b, "hello"u8)!;
        Assert.Equal((At("10.0.0.2", a.Port), At("10.0.0.2", b.Port)), (hop.Source, hop.Destination));
        var arrived = new Reply(table.Put(hop.Source, hop.Destination, hop.Bytes)!.Bytes);
        Assert.Equal(a, arrived.Address(StunAttributeType.XorPeerAddress));
        Assert.Equal(403, alice.Permit(At("10.0.0.2", b.Port)).Code);
    }

    [Fact]
    public void Data_is_counted_by_allocation_and_for_the_server()
    {
        _client.Bind(0x4000, Peer);
        for (int i = 0; i < 3; i++) _client.SendOnChannel(0x4000, new byte[100]);
        _table.Put(Peer, _relayed, new byte[50]);

        var allocation = _table.Server.Find(_client.FiveTuple)!;
        Assert.Equal((3, 300, 1, 50), (allocation.PacketsToPeers, allocation.BytesToPeers, allocation.PacketsToClient, allocation.BytesToClient));
        Assert.Equal((3, 300, 1, 50), (_table.Server.Counters.PacketsToPeers, _table.Server.Counters.BytesToPeers,
            _table.Server.Counters.PacketsToClients, _table.Server.Counters.BytesToClients));
    }

    [Fact]
    public void Relaying_allocates_nothing()
    {
        _client.Bind(0x4000, Peer);
        var second = At("203.0.113.6", 7000);
        _client.Permit(second);
        byte[] onChannel = TurnClient.OnChannel(0x4000, new byte[160]), indication = TurnClient.SendIndication(second, new byte[160]);
        byte[] payload = new byte[160], buffer = new byte[Output.BufferLength];

        Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2002, _table.Server.Counters.PacketsToPeers);

        void Once()
        {
            Pass(_client.Address, Listener, onChannel);
            Pass(_client.Address, Listener, indication);
            Pass(Peer, _relayed, payload);
            Pass(second, _relayed, payload);
            Pass(Stranger, _relayed, payload); // refused: that allocates nothing either
        }

        void Pass(TransportAddress source, TransportAddress destination, byte[] bytes)
        {
            _table.Server.Receive(new Datagram(source, destination, bytes), _table.Now);
            while (_table.Server.Poll(buffer, _table.Now).Kind is not OutputKind.Idle) { }
        }
    }

    private static readonly TransportAddress Stranger = At("203.0.113.77", 1);
}
