using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>What becomes of a packet on its way to a peer: the DF bit, and ICMP (RFC 8656 §11.5, §14.8).</summary>
public sealed class IcmpTests
{
    private static readonly TransportAddress Peer = At("203.0.113.5", 7000);

    private readonly TurnTable _table = new();

    [Fact]
    public void DONT_FRAGMENT_reaches_the_host_and_only_for_the_packet_that_asked()
    {
        var client = _table.Client();
        client.Allocate();
        client.Bind(0x4000, Peer);

        var writer = new StunWriter(new byte[256], StunMethod.Send, StunClass.Indication, new TransactionId(1, 1));
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, Peer);
        writer.Add(StunAttributeType.DontFragment);
        writer.Add(StunAttributeType.Data, "data"u8);
        byte[] whole = writer.Finish().ToArray();

        Assert.True(client.Put(whole)!.DontFragment);
        Assert.False(client.Send(Peer, "data"u8)!.DontFragment);
        Assert.True(client.Put(whole)!.DontFragment);
        Assert.False(client.SendOnChannel(0x4000, "data"u8)!.DontFragment);
        client.Put(whole);
        client.Refresh();
        Assert.False(_table.LastSent.Single().DontFragment);
    }

    [Theory]
    [InlineData("203.0.113.5", 3, 3, 0u)]
    [InlineData("203.0.113.5", 3, 4, 1280u)]
    [InlineData("203.0.113.5", 11, 0, 0u)]
    [InlineData("2001:db8:9::3", 1, 4, 0u)]
    [InlineData("2001:db8:9::3", 2, 0, 1280u)]
    [InlineData("2001:db8:9::3", 3, 0, 0u)]
    public void An_ICMP_message_becomes_a_Data_indication_without_data(string address, byte type, byte code, uint data)
    {
        var peer = At(address, 7000);
        var (client, allocation) = Start();
        client.Permit(peer);
        _table.Server.Undelivered(peer.IsIPv4 ? allocation.IPv4! : allocation.IPv6!, peer, type, code, data, _table.Now);

        var sent = _table.Drain()!;
        var reply = new Reply(sent.Bytes);
        Assert.Equal(client.Address, sent.Destination);
        Assert.Equal((StunMethod.Data, StunClass.Indication), (reply.Message.Method, reply.Message.Class));
        Assert.Equal(peer, reply.Address(StunAttributeType.XorPeerAddress));
        Assert.Equal([0, 0, (byte)(type << 1), code, 0, 0, (byte)(data >> 8), (byte)data], reply.Value(StunAttributeType.Icmp));
        Assert.False(reply.Message.Has(StunAttributeType.Data));
    }

    [Fact]
    public void Nobody_hears_of_peers_that_he_has_no_permission_for_nor_of_other_kinds_of_messages()
    {
        var (client, allocation) = Start();
        Tell(Peer, 3);
        Assert.Null(_table.Drain());
        client.Permit(Peer);
        foreach (byte type in (byte[])[0, 1, 2, 4, 5, 8]) Tell(Peer, type);
        Assert.Null(_table.Drain());
        _table.PassUnnoticed(300);
        Tell(Peer, 3);
        Assert.Null(_table.Drain()); // it has run out

        void Tell(TransportAddress peer, byte type) => _table.Server.Undelivered(allocation.IPv4!, peer, type, 1, 0, _table.Now);
    }

    [Fact]
    public void Ten_a_second_are_passed_on()
    {
        var (client, allocation) = Start();
        client.Permit(Peer);
        int heard = 0;
        for (int i = 0; i < 1000; i++)
        {
            _table.PassUnnoticed(0.001);
            _table.Server.Undelivered(allocation.IPv4!, Peer, 3, 3, 0, _table.Now);
            if (_table.Drain() is not null) heard++;
        }

        Assert.InRange(heard, 9, 11);
    }

    [Fact]
    public void A_voice_server_has_a_thousand_peers_and_reaches_each_of_them()
    {
        var (client, _) = Start();
        for (int i = 0; i < 1000; i++) Assert.True(client.Bind((uint)(0x4000 + i), PeerOf(i)).Succeeded);
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(PeerOf(i), client.SendOnChannel((ushort)(0x4000 + i), "x"u8)!.Destination);
            Assert.Equal(PeerOf(i), client.Send(PeerOf(i), "x"u8)!.Destination);
        }

        Assert.Equal(400, client.Bind(0x4000, PeerOf(5)).Code);
        for (int i = 0; i < 24; i++) Assert.True(client.Permit(At("203.0.113.200").WithPort((ushort)i)).Succeeded); // one address
        _table.Pass(299);
        client.Permit(PeerOf(7));
        _table.Pass(2);
        Assert.NotNull(client.SendOnChannel(0x4007, "x"u8));
        Assert.Null(client.SendOnChannel(0x4008, "x"u8));
        _table.Pass(301);
        Assert.Null(client.SendOnChannel(0x4007, "x"u8));

        static TransportAddress PeerOf(int i) => At($"2001:db8:9::{i:x}", (ushort)(7000 + i));
    }

    private (TurnClient Client, Allocation Allocation) Start()
    {
        var client = _table.Client();
        client.Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.AdditionalAddressFamily, 2u << 24));
        return (client, _table.Server.Find(client.FiveTuple)!);
    }
}
