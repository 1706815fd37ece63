using System.Net;
using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>A relay that leads to one server, as the one inside of <c>thaw serve</c> does.</summary>
public sealed class OnlyPolicyTests
{
    private static readonly TransportAddress Media = At("10.0.0.5", 7860), Local = At("127.0.0.1", 7860);

    private readonly TransportAddress[][] _served = [[Media, Local]];
    private readonly TurnTable _table;

    public OnlyPolicyTests() => _table = TableOf(() => _served[0]);

    [Fact]
    public void The_server_is_a_peer_at_its_port_whatever_reserved_block_it_is_in()
    {
        var client = _table.Client();
        client.Allocate();

        Assert.True(client.Permit(Media.WithPort(0), Local.WithPort(0)).Succeeded);
        Assert.True(client.Bind(0x4000, Media).Succeeded);
        Assert.Equal(Media, client.SendOnChannel(0x4000, [1])!.Destination);
        Assert.Equal(Local, client.Send(Local, [2])!.Destination);
    }

    [Fact]
    public void Another_port_of_the_server_is_nobodys()
    {
        var client = _table.Client();
        client.Allocate();
        client.Permit(Media);

        Assert.Null(client.Send(Media.WithPort(22), [1]));
        Assert.Equal(403, client.Bind(0x4000, Media.WithPort(22)).Code);
        Assert.Equal("this relay leads to one server only", Assert.IsType<TurnRefusal.PeerDenied>(_table.LastRefusal).Rule.ToString());
    }

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("10.0.0.6")]
    [InlineData("198.51.100.1")] // the relay's own
    [InlineData("::1")]
    public void Nobody_else_is_a_peer(string address)
    {
        var client = _table.Client();
        client.Allocate();
        Assert.Equal(403, client.Permit(At(address)).Code);
        Assert.Equal(403, client.Bind(0x4000, At(address, 7860)).Code);
    }

    [Fact]
    public void Two_clients_do_not_reach_each_other_even_where_the_relay_has_the_servers_address()
    {
        var table = TableOf(() => [At("198.51.100.1", 7860)]); // as announced for the relayed ones
        var (alice, bob) = (table.Client(), table.Client(port: 5001, user: "bob", password: "hunter2"));
        alice.Allocate();
        var relayed = bob.Allocate().Relayed;

        Assert.True(relayed.SameAddress(At("198.51.100.1")));
        Assert.True(alice.Permit(relayed).Succeeded); // for the server, which is there too
        Assert.Null(alice.Send(relayed, [1]));
        Assert.Equal(403, alice.Bind(0x4000, relayed).Code);
    }

    [Fact]
    public void The_server_may_move()
    {
        var client = _table.Client();
        client.Allocate();
        client.Permit(Media);
        var moved = At("10.0.0.6", 7860);

        _served[0] = [moved];

        Assert.Null(client.Send(Media, [1]));
        Assert.True(client.Permit(moved).Succeeded);
        Assert.Equal(moved, client.Send(moved, [1])!.Destination);
    }

    [Fact]
    public void More_rules_do_not_widen_it()
    {
        var policy = PeerPolicy.Only(() => [Media]).With([AddressPrefix.Parse("0.0.0.0/0")], []);
        Assert.NotNull(policy.Judge(At("8.8.8.8", 7860)));
        Assert.NotNull(policy.JudgeAddress(At("8.8.8.8")));
        Assert.Null(policy.Judge(Media));
    }

    [Fact]
    public void Whatever_clients_ask_for_nothing_leaves_but_to_the_server()
    {
        var address = Gen.OneOf("10.0.0.5", "10.0.0.6", "127.0.0.1", "8.8.8.8", "198.51.100.1", "::ffff:10.0.0.5", "64:ff9b::a00:5", "2001:db8::1");
        var port = Gen.OneOf(Gen.Const((ushort)7860), Gen.UShort);
        Gen.Select(Gen.Int[0, 3], address, port).Array[1, 30].Sample(steps =>
        {
            var table = TableOf(() => [Media, Local]);
            var (client, other) = (table.Client(), table.Client(port: 5001, user: "bob", password: "hunter2"));
            client.Allocate();
            var relayed = other.Allocate().Relayed;
            foreach (var (act, host, number) in steps)
            {
                var peer = host is "198.51.100.1" ? relayed : new TransportAddress(IPAddress.Parse(host), number);
                ushort channel = (ushort)(0x4000 + number % 8);
                var sent = act switch
                {
                    0 => client.Permit(peer) is null ? null : client.Send(peer, [1]),
                    1 => client.Bind(channel, peer) is null ? null : client.SendOnChannel(channel, [1]),
                    2 => client.SendOnChannel(channel, [1]),
                    _ => client.Send(peer, [1]),
                };
                Assert.True(sent is null || sent.Destination == Media || sent.Destination == Local, $"{sent?.Destination}");
            }
        }, iter: 200);
    }

    private static TurnTable TableOf(Func<IReadOnlyList<TransportAddress>> served) => new(Served with { Policy = PeerPolicy.Only(served) });
}
