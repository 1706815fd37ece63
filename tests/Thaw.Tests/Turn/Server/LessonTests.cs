using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>What broke other servers, one test each.</summary>
public sealed class LessonTests
{
    private static readonly TransportAddress Peer = At("203.0.113.5", 7000);

    private readonly TurnTable _table = new();

    [Theory]
    [InlineData("0.0.0.0", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("::", true)]
    [InlineData("::1", true)]
    public void CVE_2020_26262_no_spelling_of_here_is_a_peer(string peer, bool six) => RefusedEverywhere(peer, six);

    [Theory]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("2001:0:1:2:3:4:80ff:fffe")] // Teredo of 127.0.0.1
    public void CVE_2026_27624_an_IPv4_address_inside_an_IPv6_one_is_found_before_the_rules_are_asked(string peer) => RefusedEverywhere(peer, six: true);

    [Fact]
    public void Coturn_6c13608c_blocks_of_IPv6_are_compared_as_numbers_and_not_byte_by_byte()
    {
        var block = AddressPrefix.Parse("2001:db8:10::/44");
        Assert.True(block.Contains(At("2001:db8:1f:ffff::")));
        Assert.True(block.Contains(At("2001:db8:10::1")));
        Assert.False(block.Contains(At("2001:db8:20::1")));
        Assert.False(block.Contains(At("2001:db8:f:ffff::")));
    }

    [Fact]
    public void Coturn_ab762f33_attributes_behind_the_integrity_attribute_are_not_acted_on()
    {
        var client = _table.Client();
        client.Allocate();
        byte[] refresh = client.Compose(StunMethod.Refresh, null);
        byte[] appended = [.. refresh, 0, 0x0D, 0, 4, 0, 0, 0, 0]; // LIFETIME 0
        appended[3] += 8;

        var reply = new Reply(client.Put(appended)!.Bytes);

        Assert.Equal(600u, reply.Lifetime);
        Assert.Equal(1, _table.Server.AllocationCount);
    }

    [Fact]
    public void CVE_2020_4067_padding_never_holds_another_clients_bytes()
    {
        var client = _table.Client();
        var relayed = client.Allocate().Relayed;
        client.Permit(Peer);
        _table.Put(Peer, relayed, Enumerable.Repeat((byte)0xEE, 1000).ToArray());

        byte[] data = _table.Put(Peer, relayed, "x"u8)!.Bytes;

        Assert.Equal([(byte)'x', 0, 0, 0], data[^4..]);
        _table.Put(Peer, relayed, Enumerable.Repeat((byte)0xEE, 1000).ToArray());
        Assert.DoesNotContain((byte)0xEE, _table.Client(port: 9).AskOnce(StunMethod.Allocate)!.Bytes);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("POST /up HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002")]
    public void CVE_2020_6061_what_is_no_STUN_gets_no_answer(string bytes)
        => Assert.Null(_table.Client().Put(Encoding.Latin1.GetBytes(bytes)));

    [Fact]
    public void CVE_2026_43994_lengths_are_bounded_before_anything_is_computed()
    {
        var client = _table.Client(user: new string('u', 514));
        Assert.Equal(400, client.Allocate().Code);
        Assert.Equal(new TurnRefusal.BadAttribute(StunAttributeType.Username), _table.LastRefusal);

        client = _table.Client(port: 2);
        client.Nonce = new byte[700];
        Assert.Equal(438, client.AskOnce(StunMethod.Allocate)!.Code);
    }

    [Fact]
    public void GHSA_4g7c_hostile_bytes_in_a_name_stay_bytes_in_what_is_reported()
    {
        _table.Client(user: "a%n%s\r\n\u001b[2J\"'; DROP TABLE\\").Allocate();
        string user = Assert.IsType<TurnRefusal.UnknownUser>(_table.LastRefusal).User;

        Assert.All(user, c => Assert.InRange(c, ' ', '~'));
        Assert.StartsWith("a%n%s\\x0d\\x0a\\x1b[2J\\x22", user, StringComparison.Ordinal);
        _table.Client(port: 2, user: new string('u', 500)).Allocate();
        Assert.InRange(Assert.IsType<TurnRefusal.UnknownUser>(_table.LastRefusal).User.Length, 1, 65);
    }

    [Fact]
    public void Coturn_4adbd82e_an_even_port_without_reservation_takes_one_port()
    {
        var table = new TurnTable(Served with { FirstRelayPort = 50_000, LastRelayPort = 50_009 });
        for (int round = 0; round < 50; round++)
        {
            var client = table.Client(port: (ushort)(round + 1));
            Assert.True(client.Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.EvenPort, [0x00])).Succeeded);
            Assert.Single(table.Ports.Opened);
            client.Refresh(0);
        }
    }

    [Fact]
    public void Coturn_11fc465f_ports_tokens_and_nonces_cannot_be_told_in_advance()
    {
        int[] ports = [.. Enumerable.Range(1, 50).Select(i => (int)_table.Client(port: (ushort)i).Allocate().Relayed.Port)];
        int[] steps = [.. ports.Zip(ports[1..], (a, b) => b - a)];

        Assert.True(steps.Distinct().Count() > 45);
        Assert.True(ports.Max() - ports.Min() > 8_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0-10.0.0.255")]
    [InlineData("10.0.0.0 /8")]
    [InlineData("fe80::1%2/64")]
    [InlineData("example.org")]
    public void Coturn_4_11_a_rule_that_cannot_be_read_stops_the_start(string rule)
        => Assert.Throws<FormatException>(() => AddressPrefix.Parse(rule));

    [Theory]
    [InlineData("src/Thaw.Protocol/Stun/StunReader.Seals.cs", 1)]
    [InlineData("src/Thaw.Protocol/Turn/Server/ServerNonce.cs", 1)]
    public void Coturn_4_11_what_proves_something_is_compared_in_constant_time(string file, int comparisons)
        => Assert.Equal(comparisons, File.ReadAllText(Repository.PathOf(file)).Split("FixedTimeEquals(").Length - 1);

    [Fact]
    public void Pion_570_one_policy_decides_for_permission_channel_and_every_Send()
    {
        var client = _table.Client();
        client.Allocate();
        Assert.Equal(403, client.Permit(At("10.0.0.1")).Code);
        Assert.Equal(403, client.Bind(0x4000, At("10.0.0.1", 9)).Code);

        client.Permit(Peer);
        Assert.NotNull(client.Send(Peer, "x"u8));
        Assert.Null(client.Send(Peer.WithPort(53), "x"u8));
        Assert.Null(client.Send(Peer.WithPort(0), "x"u8));
        Assert.Equal(2, _table.Server.Counters.Dropped(RelayDrop.PeerDenied));
    }

    [Fact]
    public void Pion_f15249d_ChannelData_that_promises_more_than_there_is_is_dropped()
    {
        var client = _table.Client();
        client.Allocate();
        client.Bind(0x4000, Peer);
        for (int length = 0; length < 8; length++)
        {
            byte[] message = TurnClient.OnChannel(0x4000, new byte[4])[..length];
            Assert.Null(client.Put(message));
        }

        Assert.Null(client.Put([0x40, 0x00, 0xFF, 0xFF, 1, 2, 3]));
    }

    [Fact]
    public void Slack_2020_no_relay_to_TCP_ports()
    {
        var client = _table.Client();
        Assert.Equal(442, client.Ask(StunMethod.Allocate, (ref StunWriter writer) => writer.Add(StunAttributeType.RequestedTransport, 6u << 24)).Code);
        Assert.Equal(400, client.Ask(StunMethod.Connect, (ref StunWriter writer) => writer.AddXorAddress(StunAttributeType.XorPeerAddress, Peer)).Code);
    }

    [Fact]
    public void An_unproven_source_gets_little_more_than_it_sends()
    {
        var client = _table.Client();
        int binding = client.Compose(StunMethod.Binding, null).Length, answered = client.AskOnce(StunMethod.Binding)!.Bytes.Length;
        Assert.True(answered <= 1.6 * binding);

        Fill transport = (ref StunWriter writer) => writer.Add(StunAttributeType.RequestedTransport, 17u << 24);
        int allocate = client.Compose(StunMethod.Allocate, transport).Length;
        Assert.Equal(28, allocate);
        Assert.Equal(72, client.AskOnce(StunMethod.Allocate, transport)!.Bytes.Length);
        Assert.True(72 <= 2.6 * allocate);
        Assert.Equal(60, new TurnTable(Served with { OffersSha256 = false }).Client().AskOnce(StunMethod.Allocate, transport)!.Bytes.Length);
    }

    [Fact]
    public void An_unproven_source_is_answered_so_often_and_told_of_once()
    {
        var table = new TurnTable(Served with { UnprovenAnswersAtOnce = 30, UnprovenAnswersPerSecond = 10 });
        Assert.Equal(30, Answers(100));
        Assert.Single(table.Of<Observation.AnswersSuppressed>());
        Assert.NotNull(table.Client("192.0.2.8").AskOnce(StunMethod.Binding));

        table.Pass(2);
        Assert.Equal(20, Answers(100));
        Assert.Equal(150, table.Server.Counters.AnswersSuppressed);

        int Answers(int asked) => Enumerable.Range(0, asked).Count(i => table.Client(port: (ushort)(i + 1))
            .AskOnce(i % 2 == 0 ? StunMethod.Binding : StunMethod.Allocate) is not null);
    }

    [Fact]
    public void A_whole_56_of_IPv6_is_one_source()
    {
        var table = new TurnTable(Served with { UnprovenAnswersAtOnce = 10, UnprovenAnswersPerSecond = 1 });
        int answers = Enumerable.Range(0, 100).Count(i => table.Client($"2001:db8:7:1{i:x2}::1").AskOnce(StunMethod.Binding) is not null);
        Assert.Equal(10, answers);
        Assert.NotNull(table.Client("2001:db8:7:200::1").AskOnce(StunMethod.Binding));
    }

    [Fact]
    public void Whoever_has_an_allocation_is_not_held_up_by_strangers_behind_the_same_address()
    {
        var table = new TurnTable(Served with { UnprovenAnswersAtOnce = 10, UnprovenAnswersPerSecond = 0.001 });
        var client = table.Client();
        client.Allocate();
        for (int i = 0; i < 50; i++) table.Client(port: 9).AskOnce(StunMethod.Binding);

        Assert.True(client.AskOnce(StunMethod.Refresh)!.Succeeded);
    }

    private void RefusedEverywhere(string peer, bool six)
    {
        var client = _table.Client();
        client.Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.RequestedAddressFamily, (six ? 2u : 1u) << 24));
        Assert.Equal(403, client.Permit(At(peer)).Code);
        Assert.Equal(403, client.Bind(0x4000, At(peer, 9)).Code);
        Assert.Null(client.Send(At(peer, 9), "x"u8));
        Assert.Null(client.SendOnChannel(0x4000, "x"u8));
    }
}
