using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>NAT behaviour discovery (RFC 5780).</summary>
public sealed class BehaviourTests
{
    private const uint ChangeAddress = 4, ChangePort = 2;

    private static readonly BehaviourAddresses Four = new(Listener, At("198.51.100.2", 3479));
    private static readonly BehaviourAddresses Ports = new(Listener, At("198.51.100.1", 3479));
    private static readonly TransportAddress Me = At("192.0.2.7", 5000);

    public static TheoryData<uint, string, ushort> Table1 => new()
    {
        { 0, "198.51.100.1", 3478 },
        { ChangeAddress, "198.51.100.2", 3478 },
        { ChangePort, "198.51.100.1", 3479 },
        { ChangeAddress | ChangePort, "198.51.100.2", 3479 },
    };

    [Theory, MemberData(nameof(Table1))]
    public void The_answer_leaves_from_where_it_was_asked_to_and_says_so(uint change, string address, ushort port)
    {
        var sent = Ask(Table(Four), Listener, (ref StunWriter w) => w.Add(StunAttributeType.ChangeRequest, change))!;

        Assert.Equal(At(address, port), sent.Source);
        Assert.Equal(Me, sent.Destination);
        Assert.Equal(At(address, port), Plain(sent, StunAttributeType.ResponseOrigin));
        Assert.Equal(Four.Alternate, Plain(sent, StunAttributeType.OtherAddress));
    }

    [Fact]
    public void From_each_of_the_four_the_other_is_the_one_across()
    {
        foreach (var heardAt in new[] { Listener, Listener.WithPort(3479), Four.Alternate, Four.Alternate.WithPort(3478) })
        {
            var sent = Ask(Table(Four), heardAt)!;
            var other = Plain(sent, StunAttributeType.OtherAddress);
            Assert.False(other.SameAddress(heardAt));
            Assert.NotEqual(heardAt.Port, other.Port);
            Assert.Equal(heardAt, Plain(sent, StunAttributeType.ResponseOrigin));
            Assert.Equal(other, Ask(Table(Four), heardAt, (ref StunWriter w) => w.Add(StunAttributeType.ChangeRequest, 6u))!.Source);
        }
    }

    [Fact]
    public void Both_mapped_addresses_are_there_so_that_a_meddling_middlebox_shows()
    {
        var sent = Ask(Table(Four), Listener)!;
        Assert.Equal(Me, Plain(sent, StunAttributeType.MappedAddress));
        Assert.Equal(Me, new Reply(sent.Bytes).Address(StunAttributeType.XorMappedAddress));
    }

    [Fact]
    public void With_one_address_the_port_can_be_changed_and_nothing_else_is_promised()
    {
        var sent = Ask(Table(Ports), Listener, (ref StunWriter w) => w.Add(StunAttributeType.ChangeRequest, ChangePort))!;
        Assert.Equal(Ports.Alternate, sent.Source);
        Assert.Equal(Ports.Alternate, Plain(sent, StunAttributeType.ResponseOrigin));
        Assert.Empty(new Reply(sent.Bytes).Value(StunAttributeType.OtherAddress));

        foreach (uint change in new[] { ChangeAddress, ChangeAddress | ChangePort })
        {
            sent = Ask(Table(Ports), Listener, (ref StunWriter w) => w.Add(StunAttributeType.ChangeRequest, change))!;
            Assert.Equal(StunErrorCode.UnknownAttribute, new Reply(sent.Bytes).Code);
            Assert.Equal([0, 3], new Reply(sent.Bytes).Value(StunAttributeType.UnknownAttributes));
        }
    }

    [Theory]
    [InlineData(StunAttributeType.ChangeRequest)]
    [InlineData(StunAttributeType.Padding)]
    [InlineData(StunAttributeType.ResponsePort)]
    public void Switched_off_each_is_unknown_and_a_plain_answer_stays_at_32_bytes(StunAttributeType type)
    {
        var table = new TurnTable();
        Assert.Equal(StunErrorCode.UnknownAttribute, new Reply(Ask(table, Listener, (ref StunWriter w) => w.Add(type, 0u))!.Bytes).Code);
        Assert.Equal(32, Ask(table, Listener)!.Bytes.Length);
    }

    [Fact]
    public void Elsewhere_and_over_a_stream_it_is_off_even_if_it_is_on()
    {
        foreach (var listener in new[] { At("198.51.100.3", 3478), Listener.WithPort(5349), Listener.Over(TransportProtocol.Tcp) })
        {
            var table = Table(Four);
            Assert.Equal(32, Ask(table, listener)!.Bytes.Length);
            var sent = Ask(table, listener, (ref StunWriter w) => w.Add(StunAttributeType.ChangeRequest, ChangePort))!;
            Assert.Equal(listener, sent.Source);
            Assert.Equal(StunErrorCode.UnknownAttribute, new Reply(sent.Bytes).Code);
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(100, false)]
    [InlineData(101, true)]
    [InlineData(1500, false)]
    [InlineData(1996, true)]
    public void A_padded_answer_is_padded_and_no_longer_than_its_request(int padding, bool withFingerprint)
    {
        byte[] request = [];
        var sent = Ask(Table(Four), Listener, (ref StunWriter w) =>
        {
            w.Add(StunAttributeType.Padding, new byte[padding]);
            if (withFingerprint) w.AddFingerprint();
        }, bytes => request = bytes)!;

        Assert.True(new Reply(sent.Bytes).Message.Has(StunAttributeType.Padding));
        Assert.InRange(sent.Bytes.Length, Math.Min(80, request.Length), Math.Max(80, request.Length));
        if (padding >= 100) Assert.Equal(request.Length, sent.Bytes.Length);
    }

    [Fact]
    public void An_answer_goes_to_another_port_of_the_same_address_if_it_is_asked_to()
    {
        var sent = Ask(Table(Four), Listener, (ref StunWriter w) => w.Add(StunAttributeType.ResponsePort, 6000u << 16))!;
        Assert.Equal(Me.WithPort(6000), sent.Destination);
        Assert.Equal(Me, new Reply(sent.Bytes).Address(StunAttributeType.XorMappedAddress));
        Assert.Equal(Me.WithPort(6000), Ask(Table(Four), Listener, (ref StunWriter w) => w.Add(StunAttributeType.ResponsePort, [6000 >> 8, 6000 & 255]))!.Destination);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(53)]
    [InlineData(1023)]
    public void No_answer_goes_to_a_systems_port(int port)
    {
        var sent = Ask(Table(Four), Listener, (ref StunWriter w) => w.Add(StunAttributeType.ResponsePort, (uint)port << 16))!;
        Assert.Equal(Me, sent.Destination);
        Assert.Equal(StunErrorCode.BadRequest, new Reply(sent.Bytes).Code);
    }

    [Fact]
    public void Padding_and_another_port_together_are_refused()
    {
        var sent = Ask(Table(Four), Listener, (ref StunWriter w) =>
        {
            w.Add(StunAttributeType.Padding, new byte[1000]);
            w.Add(StunAttributeType.ResponsePort, 6000u << 16);
        })!;
        Assert.Equal(StunErrorCode.BadRequest, new Reply(sent.Bytes).Code);
        Assert.Equal(Me, sent.Destination);
    }

    [Theory]
    [InlineData(StunAttributeType.ChangeRequest)]
    [InlineData(StunAttributeType.ResponsePort)]
    public void A_value_of_the_wrong_length_is_400(StunAttributeType type)
        => Assert.Equal(StunErrorCode.BadRequest, new Reply(Ask(Table(Four), Listener, (ref StunWriter w) => w.Add(type, [1]))!.Bytes).Code);

    [Fact]
    public void Discovery_draws_on_the_budget_of_the_unproven()
    {
        var table = new TurnTable(Served with { UnprovenAnswersAtOnce = 5 });
        table.Server.Behaviour = [Four];
        int answers = 0;
        for (int i = 0; i < 20; i++)
            if (Ask(table, i % 2 == 0 ? Listener : Four.Alternate, (ref StunWriter w) => w.Add(StunAttributeType.ResponsePort, (uint)(6000 + i) << 16)) is not null) answers++;
        Assert.Equal(5, answers);
    }

    [Fact]
    public void A_client_of_before_the_cookie_learns_the_same()
    {
        byte[] request = [0, 1, 0, 8, 9, 9, 9, 9, .. new byte[12], 0, 3, 0, 4, 0, 0, 0, 6];
        var sent = Table(Four).Put(Me, Listener, request)!;

        Assert.Equal(Four.Alternate, sent.Source);
        Assert.Equal([1, 1], sent.Bytes[..2]);
        Assert.Equal(request[4..20], sent.Bytes[4..20]);
        byte[] body = sent.Bytes[20..];
        Assert.Equal([0, 1, 0, 8, 0, 1, 5000 >> 8, 5000 & 255, 192, 0, 2, 7], body[..12]);
        Assert.Equal([0, 4, 0, 8, 0, 1, 3479 >> 8, 3479 & 255, 198, 51, 100, 2], body[12..24]);
        Assert.Equal([0, 5, 0, 8, 0, 1, 3479 >> 8, 3479 & 255, 198, 51, 100, 2], body[24..]);
    }

    [Theory]
    [InlineData("0001000c000000000000000000000000000000000002000800011388cb007105")] // RESPONSE-ADDRESS
    [InlineData("0001000800000000000000000000000000000000000300080000")]             // torn
    [InlineData("00010004000000000000000000000000000000000003000400000006")]         // longer than it says
    [InlineData("01010000000000000000000000000000000000000000")]                     // an answer
    public void What_else_comes_without_a_cookie_is_dropped(string hex)
        => Assert.Null(Table(Four).Put(Me, Listener, Convert.FromHexString(hex)));

    [Fact]
    public void Without_discovery_a_client_of_before_the_cookie_is_not_answered()
        => Assert.Null(new TurnTable().Put(Me, Listener, [0, 1, 0, 0, .. new byte[16]]));

    private static TurnTable Table(BehaviourAddresses addresses)
    {
        var table = new TurnTable();
        table.Server.Behaviour = [addresses];
        return table;
    }

    private static Sent? Ask(TurnTable table, TransportAddress listener, Fill? fill = null, Action<byte[]>? seen = null)
    {
        var writer = new StunWriter(new byte[2048], StunMethod.Binding, StunClass.Request, new TransactionId(1, 2));
        fill?.Invoke(ref writer);
        byte[] request = writer.Finish().ToArray();
        seen?.Invoke(request);
        return table.Put(Me.Over(listener.Protocol), listener, request);
    }

    private static TransportAddress Plain(Sent sent, StunAttributeType type)
        => new Reply(sent.Bytes).Message.TryFind(type, out var attribute) && attribute.TryReadAddress(out var address) ? address : default;
}
