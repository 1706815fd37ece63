using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

public sealed class AllocateTests
{
    private readonly TurnTable _table = new();

    [Fact]
    public void A_Binding_request_is_answered_with_the_mapped_address_and_nothing_else()
    {
        var client = _table.Client();

        var reply = client.AskOnce(StunMethod.Binding)!;

        Assert.Equal(client.Address, reply.Address(StunAttributeType.XorMappedAddress));
        Assert.Equal(32, reply.Bytes.Length);
    }

    [Fact]
    public void A_fingerprint_is_answered_with_a_fingerprint()
    {
        var client = _table.Client();
        client.WithFingerprint = true;

        Assert.Equal(StunSeal.Valid, client.AskOnce(StunMethod.Binding)!.Message.CheckFingerprint());
    }

    [Fact]
    public void A_client_is_challenged_and_then_gets_a_relayed_address()
    {
        var client = _table.Client();

        var reply = client.Allocate();

        Assert.True(reply.Succeeded);
        Assert.Equal(StunSeal.Valid, reply.Message.CheckIntegrity(client.Key));
        Assert.True(reply.Relayed.SameAddress(Listener));
        Assert.InRange(reply.Relayed.Port, 49152, 65535);
        Assert.Equal(600u, reply.Lifetime);
        Assert.Equal(client.Address, reply.Address(StunAttributeType.XorMappedAddress));
        Assert.Equal([reply.Relayed], _table.Ports.Opened);
        Assert.IsType<TurnRefusal.Challenge>(_table.LastRefusal);
        Assert.Equal("alice", _table.Of<Observation.AllocationMade>().Single().User);
    }

    [Fact]
    public void Over_TCP_the_five_tuple_is_another_and_ends_with_the_stream()
    {
        var overUdp = _table.Client();
        var overTcp = new TurnClient(_table, overUdp.Address.Over(TransportProtocol.Tcp)) { User = "alice", Password = "secret" };

        Assert.NotEqual(overUdp.Allocate().Relayed, overTcp.Allocate().Relayed);
        _table.Server.Disconnected(overTcp.FiveTuple, _table.Now);
        _table.Drain();

        Assert.Equal(AllocationEnd.Disconnected, _table.Of<Observation.AllocationEnded>().Single().Reason);
        Assert.Single(_table.Ports.Opened);
    }

    [Fact]
    public void A_retransmitted_Allocate_is_answered_the_same()
    {
        var client = _table.Client();
        client.Learn(client.AskOnce(StunMethod.Allocate)!);
        byte[] request = client.Compose(StunMethod.Allocate, (ref StunWriter writer) =>
        {
            writer.Add(StunAttributeType.RequestedTransport, 17u << 24);
            writer.Add(StunAttributeType.EvenPort, [0x80]);
        });

        byte[] first = client.Put(request)!.Bytes;
        _table.Pass(0.5);

        Assert.Equal(first, client.Put(request)!.Bytes);
        Assert.Equal(1, _table.Server.AllocationCount);
    }

    [Fact]
    public void A_second_Allocate_of_the_same_five_tuple_is_437()
    {
        var client = _table.Client();
        client.Allocate();

        Assert.Equal(437, client.Allocate().Code);
        Assert.IsType<TurnRefusal.AllocationExists>(_table.LastRefusal);
    }

    [Fact]
    public void Requests_without_an_allocation_are_437()
    {
        var client = _table.Client();

        Assert.Equal(437, client.Refresh().Code);
        Assert.Equal(437, client.Permit(At("203.0.113.5")).Code);
        Assert.Equal(437, client.Bind(0x4000, At("203.0.113.5", 9)).Code);
        Assert.IsType<TurnRefusal.NoAllocation>(_table.LastRefusal);
    }

    [Fact]
    public void Only_UDP_is_relayed_and_without_a_transport_the_request_is_bad()
    {
        var client = _table.Client();

        Assert.Equal(442, client.Ask(StunMethod.Allocate, (ref StunWriter writer) => writer.Add(StunAttributeType.RequestedTransport, 6u << 24)).Code);
        Assert.Equal(new TurnRefusal.TransportNotServed(6), _table.LastRefusal);
        Assert.Equal(400, client.Ask(StunMethod.Allocate).Code);
        Assert.Equal(new TurnRefusal.BadAttribute(StunAttributeType.RequestedTransport), _table.LastRefusal);
    }

    [Theory]
    [InlineData(1u, 600u)] // RFC 8656 §7.2: never less than the default
    [InlineData(900u, 900u)]
    [InlineData(uint.MaxValue, 3600u)]
    public void Lifetimes_stay_between_the_default_and_the_most(uint asked, uint granted)
    {
        var client = _table.Client();

        Assert.Equal(granted, client.Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.Lifetime, asked)).Lifetime);
        Assert.Equal(granted, client.Refresh(asked).Lifetime);
    }

    [Fact]
    public void An_allocation_ends_when_its_lifetime_does_and_a_refresh_puts_it_off()
    {
        var client = _table.Client();
        client.Allocate();
        _table.Pass(599);
        Assert.Equal(600u, client.Refresh().Lifetime);

        _table.Pass(599);
        Assert.Equal(1, _table.Server.AllocationCount);
        _table.Pass(1);

        Assert.Equal(0, _table.Server.AllocationCount);
        Assert.Empty(_table.Ports.Opened);
        Assert.Equal(AllocationEnd.Expired, _table.Of<Observation.AllocationEnded>().Single().Reason);
    }

    [Fact]
    public void An_allocation_that_nobody_woke_the_server_for_is_over_all_the_same()
    {
        var client = _table.Client();
        client.Allocate();
        _table.PassUnnoticed(600);

        Assert.Equal(437, client.Permit(At("203.0.113.5")).Code);
        Assert.Empty(_table.Ports.Opened);
    }

    [Fact]
    public void A_lifetime_of_zero_releases_it_at_once()
    {
        var client = _table.Client();
        client.Allocate();

        Assert.Equal(0u, client.Refresh(0).Lifetime);
        Assert.Empty(_table.Ports.Opened);
        Assert.Equal(AllocationEnd.Released, _table.Of<Observation.AllocationEnded>().Single().Reason);
        Assert.True(client.Allocate().Succeeded);
    }

    [Fact]
    public void IPv6_is_given_where_it_is_asked_for_and_refused_where_it_is_not_served()
    {
        Fill six = (ref StunWriter writer) => writer.Add(StunAttributeType.RequestedAddressFamily, 2u << 24);
        Assert.True(_table.Client().Allocate(six).Relayed.SameAddress(At("2001:db8::1")));

        var only4 = new TurnTable(Served with { RelayAddresses = [new RelayAddress(At("198.51.100.1"))] });
        Assert.Equal(440, only4.Client().Allocate(six).Code);
        Assert.Equal(new TurnRefusal.FamilyNotServed(IsIPv6: true), only4.LastRefusal);
    }

    [Fact]
    public void A_dual_allocation_has_one_address_of_each_family_and_loses_them_one_by_one()
    {
        var client = _table.Client();
        var reply = client.Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.AdditionalAddressFamily, 2u << 24));

        Assert.Equal(2, _table.Ports.Opened.Count);
        Assert.Empty(reply.Value(StunAttributeType.AddressErrorCode));
        Assert.Equal(0u, client.Ask(StunMethod.Refresh, (ref StunWriter writer) =>
        {
            writer.Add(StunAttributeType.Lifetime, 0u);
            writer.Add(StunAttributeType.RequestedAddressFamily, 1u << 24);
        }).Lifetime);
        Assert.True(Assert.Single(_table.Ports.Opened).IsIPv6);
        Assert.Equal(443, client.Permit(At("203.0.113.5")).Code);
        Assert.True(client.Permit(At("2001:db8:9::5")).Succeeded);
    }

    [Fact]
    public void A_dual_allocation_on_a_server_of_one_family_says_which_is_missing()
    {
        var only4 = new TurnTable(Served with { RelayAddresses = [new RelayAddress(At("198.51.100.1"))] });

        var reply = only4.Client().Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.AdditionalAddressFamily, 2u << 24));

        Assert.True(reply.Succeeded);
        Assert.Equal([2, 0, 4, 40], reply.Value(StunAttributeType.AddressErrorCode)); // RFC 8656 §18.12
    }

    [Fact]
    public void An_even_port_can_reserve_the_odd_one_after_it_for_half_a_minute()
    {
        var rtp = _table.Client(port: 5000);
        var even = rtp.Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.EvenPort, [0x80]));
        byte[] token = even.Value(StunAttributeType.ReservationToken);
        Assert.Equal(0, even.Relayed.Port % 2);
        Assert.Equal(8, token.Length);

        _table.Pass(29);
        var odd = _table.Client(port: 5001).Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.ReservationToken, token));

        Assert.Equal(even.Relayed.Port + 1, odd.Relayed.Port);
        Assert.Equal(508, _table.Client(port: 5002).Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.ReservationToken, token)).Code);
    }

    [Fact]
    public void A_reservation_that_nobody_takes_is_given_back()
    {
        var even = _table.Client().Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.EvenPort, [0x80]));
        Assert.Equal(2, _table.Ledger.Count);
        _table.Pass(30);

        Assert.Equal([even.Relayed], _table.Ports.Opened);
        Assert.Equal(1, _table.Ledger.Count);
    }

    [Fact]
    public void A_reservation_is_only_for_the_user_who_made_it()
    {
        byte[] token = _table.Client().Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.EvenPort, [0x80])).Value(StunAttributeType.ReservationToken);

        var reply = _table.Client(port: 6000, user: "bob", password: "hunter2").Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.ReservationToken, token));

        Assert.Equal(508, reply.Code);
        Assert.IsType<TurnRefusal.NoSuchReservation>(_table.LastRefusal);
    }

    [Fact]
    public void A_reserved_port_is_nobody_elses_and_a_server_beside_may_fulfil_the_promise()
    {
        var options = Served with { FirstRelayPort = 50_000, LastRelayPort = 50_001, NonceKey = new byte[32] };
        var one = new TurnTable(options);
        byte[] token = one.Client(port: 1).Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.EvenPort, [0x80])).Value(StunAttributeType.ReservationToken);
        Assert.Equal(508, one.Client(port: 2).Allocate().Code);

        var two = new TurnTable(one);
        Assert.Equal(50_001, two.Client(port: 3).Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.ReservationToken, token)).Relayed.Port);
        Assert.Equal(2, one.Ledger.Count);
    }

    [Fact]
    public void Ports_that_another_program_has_are_stepped_over()
    {
        var table = new TurnTable(Served with { FirstRelayPort = 50_000, LastRelayPort = 50_003 });
        table.Ports.Foreign.UnionWith([At("198.51.100.1", 50_000), At("198.51.100.1", 50_001), At("198.51.100.1", 50_003)]);

        Assert.Equal(50_002, table.Client().Allocate().Relayed.Port);
        Assert.Equal(508, table.Client(port: 5001).Allocate().Code);
        Assert.IsType<TurnRefusal.PortsExhausted>(table.LastRefusal);
    }

    [Fact]
    public void Quotas_of_user_and_server_have_their_own_numbers()
    {
        var table = new TurnTable(Served with { UserQuota = 2, TotalQuota = 3 });
        Assert.True(table.Client(port: 1).Allocate().Succeeded);
        Assert.True(table.Client(port: 2).Allocate().Succeeded);
        Assert.Equal(486, table.Client(port: 3).Allocate().Code);
        Assert.Equal(new TurnRefusal.UserQuota("alice", 2), table.LastRefusal);

        Assert.True(table.Client(port: 4, user: "bob", password: "hunter2").Allocate().Succeeded);
        Assert.Equal(508, table.Client(port: 5, user: "bob", password: "hunter2").Allocate().Code);
        Assert.Equal(new TurnRefusal.TotalQuota(3), table.LastRefusal);

        table.Pass(600);
        Assert.True(table.Client(port: 3).Allocate().Succeeded);
    }

    [Fact]
    public void A_draining_server_sends_new_clients_elsewhere_and_keeps_the_old()
    {
        var table = new TurnTable(Served with { Alternates = [At("2001:db8::2", 3478), At("198.51.100.2", 3478)] });
        var old = table.Client(port: 1);
        old.Allocate();
        table.Server.IsDraining = true;

        var reply = table.Client(port: 2).Allocate();

        Assert.Equal(300, reply.Code);
        Assert.True(reply.Message.TryFind(StunAttributeType.AlternateServer, out var attribute) && attribute.TryReadAddress(out var alternate)
            && alternate == At("198.51.100.2", 3478));
        Assert.Equal(StunSeal.Valid, reply.Message.CheckIntegrity(table.Client().Key));
        Assert.Equal(600u, old.Refresh().Lifetime);
    }

    [Fact]
    public void A_draining_server_without_an_alternate_says_508()
    {
        _table.Server.IsDraining = true;
        Assert.Equal(508, _table.Client().Allocate().Code);
        Assert.Equal(new TurnRefusal.Draining(null), _table.LastRefusal);
    }

    [Fact]
    public void An_attribute_that_must_be_understood_and_is_not_is_420_and_named()
    {
        var reply = _table.Client().Allocate((ref StunWriter writer) => writer.Add((StunAttributeType)0x7F01));

        Assert.Equal(420, reply.Code);
        Assert.Equal([0x7F, 0x01], reply.Value(StunAttributeType.UnknownAttributes));
    }

    [Fact]
    public void A_closed_server_has_no_ports_and_says_nothing()
    {
        _table.Client().Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.EvenPort, [0x80]));
        _table.Server.Close(_table.Now);
        _table.Drain();

        Assert.Empty(_table.Ports.Opened);
        Assert.Null(_table.Client(port: 9).AskOnce(StunMethod.Binding));
        Assert.Equal(Instant.Never, _table.Server.Poll(new byte[Output.BufferLength], _table.Now).WakeAt);
    }
}
