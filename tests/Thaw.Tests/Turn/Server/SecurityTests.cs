using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>What a relay on the Internet must refuse, asked for over the wire.</summary>
public sealed class SecurityTests
{
    private static readonly TransportAddress Peer = At("203.0.113.5", 7000);

    private readonly TurnTable _table = new();

    [Theory]
    [InlineData("loopback", "127.0.0.1")]
    [InlineData("loopback", "::1")]
    [InlineData("unspecified", "0.0.0.0")]
    [InlineData("private", "10.1.2.3")]
    [InlineData("private", "172.16.0.1")]
    [InlineData("private", "192.168.1.1")]
    [InlineData("link-local", "169.254.1.1")]
    [InlineData("link-local", "fe80::1")]
    [InlineData("carrier's NAT", "100.64.0.1")]
    [InlineData("unique local", "fd12:3456::1")]
    [InlineData("multicast", "224.0.0.251")]
    [InlineData("multicast", "ff02::fb")]
    [InlineData("broadcast", "255.255.255.255")]
    [InlineData("cloud metadata", "169.254.169.254")]
    [InlineData("cloud metadata", "fd00:ec2::254")]
    [InlineData("IPv4-mapped", "::ffff:10.1.2.3")]
    [InlineData("IPv4-compatible", "::10.1.2.3")]
    [InlineData("NAT64", "64:ff9b::a01:203")]
    [InlineData("local NAT64", "64:ff9b:1::a01:203")]
    [InlineData("6to4", "2002:a01:203::1")]
    [InlineData("ISATAP", "2a00::5efe:a01:203")]
    public void No_peer_inside_is_reached_by_permission_channel_or_Send(string kind, string address)
    {
        var peer = At(address, 9);
        var client = _table.Client();
        client.Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.AdditionalAddressFamily, 2u << 24)); // both families: it is not 443

        Assert.Equal(403, client.Permit(peer).Code);
        Assert.Equal(403, client.Bind(0x4000, peer).Code);
        Assert.Equal(403, client.Permit(Peer, peer).Code); // nor in good company
        Assert.Null(client.Send(peer, "x"u8));
        Assert.Null(client.Send(Peer, "x"u8)); // all of a request or none
        Assert.Null(client.SendOnChannel(0x4000, "x"u8));
        Assert.All(_table.Of<Observation.TurnRequestRefused>().Where(fact => fact.Code == 403), fact => Assert.Equal(TurnCauses.PeerForbidden, fact.Refusal.CauseId));
        Assert.NotEmpty(kind);
    }

    [Fact]
    public void No_service_of_the_relays_own_host_is_reached()
    {
        var table = new TurnTable(Served with { Policy = Served.Policy.With([], [new PeerRule(AddressPrefix.Parse("9.9.9.9"), "this machine's own")]) });
        var client = table.Client();
        var relayed = client.Allocate().Relayed;
        foreach (ushort port in new ushort[] { 22, 80, 3478, 9100, 65000 })
        {
            if (port == relayed.Port) continue;
            Assert.Equal(403, client.Bind(0x4001, Listener.WithPort(port)).Code);
            Assert.Equal(403, client.Permit(Listener.WithPort(port)).Code);
            Assert.Equal(403, client.Bind(0x4001, At("9.9.9.9", port)).Code);
        }

        // A permission for the relayed address of another client is for that port and no other of the host.
        var other = table.Client(port: 2).Allocate().Relayed;
        Assert.True(client.Permit(other).Succeeded);
        Assert.NotNull(client.Send(other, "x"u8));
        Assert.Null(client.Send(other.WithPort(22), "x"u8));
        Assert.Null(client.Send(other.WithPort(3478), "x"u8));
    }

    [Fact]
    public void Nothing_is_allocated_changed_or_relayed_without_a_credential()
    {
        var owner = _table.Client();
        var relayed = owner.Allocate().Relayed;
        Fill[] asks =
        [
            (ref StunWriter writer) => writer.Add(StunAttributeType.RequestedTransport, 17u << 24),
            (ref StunWriter writer) => writer.Add(StunAttributeType.Lifetime, 0u),
            (ref StunWriter writer) => writer.AddXorAddress(StunAttributeType.XorPeerAddress, Peer),
            (ref StunWriter writer) =>
            {
                writer.Add(StunAttributeType.ChannelNumber, 0x4000u << 16);
                writer.AddXorAddress(StunAttributeType.XorPeerAddress, Peer);
            },
        ];
        foreach (var client in new[] { _table.Client(port: 5000), _table.Client(port: 9) }) // at the owner's own address, too
        {
            foreach (var (method, ask) in new[] { StunMethod.Allocate, StunMethod.Refresh, StunMethod.CreatePermission, StunMethod.ChannelBind }.Zip(asks))
            {
                client.Nonce = [];
                Assert.Equal(401, client.AskOnce(method, ask)!.Code);
                client.Learn(client.AskOnce(method, ask)!);
                foreach (var (user, password) in new[] { ("alice", ""), ("alice", "wrong"), ("nobody", "secret"), ("\0", "secret"), ("alice\0", "secret") })
                {
                    (client.User, client.Password) = (user, password);
                    Assert.Equal(401, client.AskOnce(method, ask)!.Code);
                }
            }

            Assert.Null(client.Send(Peer, "x"u8));
            Assert.Null(client.SendOnChannel(0x4000, "x"u8));
        }

        Assert.Null(_table.Put(Peer, relayed, "x"u8));
        Assert.Equal(1, _table.Server.AllocationCount);
        Assert.Equal(600u, owner.Refresh().Lifetime);
    }

    [Fact]
    public void One_bit_changed_in_a_signed_request_and_it_does_nothing()
    {
        var client = _table.Client();
        client.Learn(client.AskOnce(StunMethod.Allocate)!);
        byte[] good = client.Compose(StunMethod.Allocate, (ref StunWriter writer) => writer.Add(StunAttributeType.RequestedTransport, 17u << 24));
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] bad = [.. good];
            bad[bit / 8] ^= (byte)(1 << bit % 8);
            client.Put(bad);
            Assert.Equal(0, _table.Server.AllocationCount);
        }

        client.Put(good);
        Assert.Equal(1, _table.Server.AllocationCount);
    }

    [Fact]
    public void Whatever_is_asked_without_proof_the_answer_is_72_bytes_or_little_more_than_the_question()
    {
        var table = new TurnTable(Served with { UnprovenAnswersAtOnce = 1e6 });
        var client = table.Client();
        var hostile = new List<byte[]>();
        foreach (var method in Enum.GetValues<StunMethod>())
        {
            hostile.Add(client.Compose(method, null));
            for (ushort unknown = 1; unknown < 20; unknown++)
            {
                ushort type = unknown;
                hostile.Add(client.Compose(method, (ref StunWriter writer) =>
                {
                    for (ushort i = 0; i < type; i++) writer.Add((StunAttributeType)(0x7000 + i));
                }));
            }
        }

        client.Nonce = new byte[20];
        hostile.AddRange(Enum.GetValues<StunMethod>().Select(method => client.Compose(method, null)));
        foreach (byte[] request in hostile)
            if (table.Put(client.Address, client.Server, request) is { } answer) Assert.True(answer.Bytes.Length <= Math.Max(72, request.Length * 1.6), $"{request.Length} -> {answer.Bytes.Length}");
    }

    [Fact]
    public void Every_kind_of_unproven_answer_comes_out_of_one_budget_of_its_prefix()
    {
        var table = new TurnTable(Served with { UnprovenAnswersAtOnce = 12, UnprovenAnswersPerSecond = 0.001 });
        int answers = 0;
        for (ushort i = 1; i <= 20; i++)
        {
            var client = table.Client(port: i);
            answers += Count(client.AskOnce(StunMethod.Binding)) + Count(client.AskOnce(StunMethod.Allocate)) + Count(client.AskOnce(StunMethod.Connect));
            client.Nonce = new byte[20];
            answers += Count(client.AskOnce(StunMethod.Refresh));
        }

        Assert.Equal(12, answers);
        Assert.Equal(68, table.Server.Counters.AnswersSuppressed);
        Assert.NotNull(table.Client("192.0.3.7").AskOnce(StunMethod.Binding));

        static int Count(Reply? reply) => reply is null ? 0 : 1;
    }

    [Fact]
    public void Another_users_allocation_is_out_of_reach_from_its_address_and_from_any_other()
    {
        var alice = _table.Client();
        var relayed = alice.Allocate().Relayed;
        alice.Bind(0x4000, Peer);
        var bob = _table.Client(user: "bob", password: "hunter2"); // behind the same address and port
        var elsewhere = _table.Client(port: 9, user: "bob", password: "hunter2");
        var herself = _table.Client(port: 10);

        Assert.Equal((441, 441, 441), (bob.Refresh(0).Code, bob.Permit(Peer).Code, bob.Bind(0x4001, Peer).Code));
        Assert.Equal((437, 437), (elsewhere.Refresh(0).Code, elsewhere.Permit(Peer).Code));
        Assert.Equal(437, herself.Refresh(0).Code);
        Assert.Null(elsewhere.SendOnChannel(0x4000, "x"u8));
        Assert.NotNull(alice.SendOnChannel(0x4000, "x"u8));
        Assert.Equal(alice.Address, _table.Put(Peer, relayed, "y"u8)!.Destination);
    }

    [Fact]
    public void A_permission_is_for_both_directions_and_a_channel_is_no_more_than_a_short_name_for_it()
    {
        var client = _table.Client();
        var relayed = client.Allocate().Relayed;
        Assert.Null(_table.Put(Peer, relayed, "in"u8));
        Assert.Null(client.Send(Peer, "out"u8));

        client.Permit(Peer);
        Assert.NotNull(_table.Put(Peer.WithPort(1), relayed, "in"u8));
        Assert.NotNull(client.Send(Peer, "out"u8));
        Assert.Null(_table.Put(At("203.0.113.6", 7000), relayed, "in"u8));
        Assert.Null(client.Send(At("203.0.113.6", 7000), "out"u8));

        client.Bind(0x4000, Peer);
        _table.Pass(301); // the permission is over, the channel is not
        Assert.Null(client.SendOnChannel(0x4000, "out"u8));
        Assert.Null(_table.Put(Peer, relayed, "in"u8));
    }
}
