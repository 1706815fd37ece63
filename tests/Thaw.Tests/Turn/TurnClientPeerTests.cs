using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;

namespace Thaw.Tests.Turn;

public sealed class TurnClientPeerTests
{
    [Fact]
    public void The_first_packets_wait_for_the_permission_and_then_flow()
    {
        var world = new TurnWorld().Allocate();
        for (byte i = 1; i <= 6; i++) world.Send(i);
        world.Run(1);
        Assert.Equal([[1], [2], [3], [4]], world.Delivered);
        Assert.Equal(2, world.Client.Machine.Dropped);
        Assert.Single(world.Asked(StunMethod.CreatePermission));
        Assert.All(world.Peer.Machine.Heard, source => Assert.Equal(TurnWorld.RelayAddress.WithPort(50_000), source));
    }

    [Fact]
    public void Two_ports_of_one_peer_share_a_permission()
    {
        var world = new TurnWorld().Allocate();
        world.Send(1);
        world.Client.Do((client, now) => client.Send(TurnWorld.PeerAddress.WithPort(7001), [2], now));
        world.Run(1);
        Assert.Single(world.Asked(StunMethod.CreatePermission));
    }

    [Fact]
    public void A_peer_that_answers_gets_a_channel_and_packets_lose_their_overhead()
    {
        var world = new TurnWorld().Allocate();
        world.Send(1);
        world.Run(1);
        Assert.Single(world.Asked(StunMethod.ChannelBind));

        int indications = 0, channelData = 0;
        world.Net.Firewalls.Add(packet =>
        {
            if (packet.From == world.Client && ChannelData.IsChannelData(packet.Payload)) channelData++;
            else if (packet.From == world.Client) indications++;
            return true;
        });
        world.Send(2);
        world.Run(1);
        Assert.Equal((1, 0), (channelData, indications));
        Assert.Equal([[1], [2]], world.Delivered);
    }

    [Fact]
    public void A_silent_peer_gets_a_channel_after_sixteen_packets()
    {
        var world = new TurnWorld().Allocate();
        world.Peer.Machine.IsMute = true;
        for (byte i = 1; i <= 15; i++)
        {
            world.Send(i);
            world.Run(0.1);
        }

        Assert.Empty(world.Asked(StunMethod.ChannelBind));
        world.Send(16);
        world.Run(0.1);
        Assert.Single(world.Asked(StunMethod.ChannelBind));
        Assert.Equal(16, world.Peer.Machine.Heard.Count);
    }

    [Fact]
    public void Over_a_stream_channel_data_is_padded()
    {
        var world = new TurnWorld(protocol: TransportProtocol.Tcp).Allocate();
        world.Send(1);
        world.Run(1);
        int length = 0;
        world.Net.Firewalls.Add(packet => { if (packet.From == world.Client) length = packet.Payload.Length; return true; });
        world.Send(2, 3, 4, 5, 6);
        Assert.Equal(12, length);
        world.Run(1);
        Assert.Equal([2, 3, 4, 5, 6], world.Delivered.Last());
    }

    [Fact]
    public void Permission_and_channel_in_use_are_kept_and_never_lapse()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Refuse = asked => asked.Method is StunMethod.Refresh ? 0 : 0;
        for (int second = 0; second < 3600; second += 5)
        {
            world.Send((byte)second);
            world.Run(5);
        }

        Assert.Equal(720, world.Delivered.Count());
        AssertGaps(world.Asked(StunMethod.CreatePermission).Concat(world.Asked(StunMethod.ChannelBind)), TimeSpan.FromMinutes(5)); // RFC 8656 §9
        AssertGaps(world.Asked(StunMethod.ChannelBind), TimeSpan.FromMinutes(10)); // RFC 8656 §12
        Assert.InRange(world.Asked(StunMethod.CreatePermission).Count(), 6, 15);

        static void AssertGaps(IEnumerable<Asked> asked, TimeSpan most)
        {
            var times = asked.Select(a => a.At).Order().ToArray();
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second - pair.First < most));
        }
    }

    [Fact]
    public void What_is_idle_is_not_kept_and_is_asked_for_again_when_used()
    {
        var world = new TurnWorld().Allocate();
        world.Send(1);
        world.Run(1800);
        Assert.Single(world.Asked(StunMethod.CreatePermission));
        Assert.Single(world.Asked(StunMethod.ChannelBind));

        world.Send(2);
        world.Run(1);
        Assert.Equal([[1], [2]], world.Delivered);
        Assert.Equal(2, world.Asked(StunMethod.CreatePermission).Count());
    }

    [Fact]
    public void A_channel_keeps_its_number_for_its_peer_while_the_server_may_remember_it()
    {
        var world = new TurnWorld().Allocate();
        world.Send(1);
        world.Run(12 * 60); // the binding has ended, the hold has not
        int binds = 0;
        world.Net.Firewalls.Add(packet =>
        {
            if (packet.From == world.Client && StunReader.TryRead(packet.Payload, out var m) is null && m.Method is StunMethod.ChannelBind
                && m.TryFind(StunAttributeType.ChannelNumber, out var number) && number.Value[..2].SequenceEqual((byte[])[0x40, 0])) binds++;
            return true;
        });
        world.Send(2);
        world.Run(2);
        world.Send(3);
        world.Run(2);
        Assert.Equal(1, binds);
        Assert.Equal(3, world.Delivered.Count());
    }

    [Fact]
    public void A_refused_peer_is_told_once_and_not_asked_again_for_a_minute()
    {
        var world = new TurnWorld(server: s => s.DeniedPeers.Add(TurnWorld.PeerAddress.WithPort(0))).Allocate();
        for (int i = 0; i < 50 * 50; i++)
        {
            world.Send(1);
            world.Run(0.02);
        }

        Assert.Single(world.Asked(StunMethod.CreatePermission));
        var refused = Assert.Single(world.Client.Of<TurnClientEvent.PeerRefused>());
        Assert.Equal((TurnWorld.PeerAddress.WithPort(0), 403), (refused.Peer, refused.Code));

        world.Server.DeniedPeers.Clear();
        world.Run(15);
        world.Send(2);
        world.Run(1);
        Assert.Equal([2], Assert.Single(world.Delivered));
    }

    [Fact]
    public void A_permission_that_is_not_answered_costs_the_packets_but_not_the_allocation()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Refuse = asked => asked.Method is StunMethod.CreatePermission ? -1 : 0;
        world.Send(1);
        world.Run(6);
        Assert.Equal(1, world.Client.Machine.Dropped);
        Assert.Single(world.Asked(StunMethod.Refresh)); // is the server still there?
        world.Server.Refuse = _ => 0;
        world.Run(6);
        world.Send(2);
        world.Run(1);
        Assert.Equal([2], Assert.Single(world.Delivered));
    }

    [Fact]
    public void A_server_that_calls_a_lost_allocation_a_bad_request_is_asked_once_more()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Restart();
        world.Server.Refuse = asked => asked.Method is StunMethod.CreatePermission ? 400 : 0; // as coturn after a restart
        world.Send(1);
        world.Run(1);
        Assert.Equal(GatheringFailure.AllocationMismatch, Assert.Single(world.Client.Of<TurnClientEvent.Lost>()).Cause);
    }

    [Theory]
    [InlineData(StunMethod.CreatePermission)]
    [InlineData(StunMethod.ChannelBind)]
    public void An_allocation_that_is_gone_is_noticed_by_any_request(StunMethod method)
    {
        var world = new TurnWorld().Allocate();
        world.Server.Refuse = asked => asked.Method == method ? 437 : 0;
        world.Send(1);
        world.Run(1);
        Assert.Equal(GatheringFailure.AllocationMismatch, Assert.Single(world.Client.Of<TurnClientEvent.Lost>()).Cause);
    }

    [Fact]
    public void A_refused_channel_leaves_indications()
    {
        var world = new TurnWorld().Allocate();
        world.Server.Refuse = asked => asked.Method is StunMethod.ChannelBind ? 400 : 0;
        for (byte i = 1; i <= 100; i++)
        {
            world.Send(i);
            world.Run(0.1);
        }

        world.Run(1);
        Assert.Equal(100, world.Delivered.Count());
        Assert.Single(world.Asked(StunMethod.ChannelBind));
    }

    [Fact]
    public void Many_requests_with_a_stale_nonce_are_no_nonce_loop()
    {
        var world = new TurnWorld().Allocate();
        world.Server.ChangeNonce();
        for (int i = 1; i <= 10; i++)
        {
            var peer = TurnWorld.Address($"203.0.113.{i}", 7000);
            world.Client.Do((client, now) => client.Send(peer, [1], now));
        }

        world.Run(2);
        Assert.Equal(TurnClientState.Allocated, world.State);
        Assert.Equal(10, world.Asked(StunMethod.CreatePermission).Where(asked => asked.Peer is not null).Select(asked => asked.Peer).Distinct().Count());
    }

    [Fact]
    public void Permissions_are_bounded_and_candidates_that_never_answer_push_out_no_call()
    {
        var world = new TurnWorld(options: new TurnClientOptions(MaxPermissions: 10)).Allocate();
        world.Send(1);
        world.Run(1); // the peer was heard
        for (int i = 0; i < 300; i++)
        {
            var peer = TurnWorld.Address($"10.0.{i / 200}.{i % 200 + 1}", 9);
            world.Client.Do((client, now) => client.Send(peer, [9], now));
            world.Run(0.02);
        }

        world.Send(2);
        world.Run(1);
        Assert.Equal([[1], [2]], world.Delivered);
        Assert.Single(world.Asked(StunMethod.CreatePermission), asked => asked.Peer == TurnWorld.PeerAddress.WithPort(0));
    }

    [Fact]
    public void Permissions_are_asked_for_no_faster_than_every_five_milliseconds()
    {
        var world = new TurnWorld().Allocate();
        for (int i = 0; i < 900; i++)
        {
            var peer = TurnWorld.Address($"10.0.{i / 200}.{i % 200 + 1}", 9);
            world.Client.Do((client, now) => client.Send(peer, [9], now));
        }

        world.Run(1);
        Assert.InRange(world.Asked(StunMethod.CreatePermission).Count(), 100, 200);
        world.Run(10);
        Assert.Equal(900, world.Asked(StunMethod.CreatePermission).Count());
    }

    [Fact]
    public void Data_from_a_stranger_or_without_its_parts_is_dropped()
    {
        var world = new TurnWorld().Allocate();
        world.Send(1);
        world.Run(1);
        world.Client.Seen.Clear();
        Indicate(TurnWorld.Address("10.9.9.9", 9), [1]);
        Indicate(TurnWorld.PeerAddress, null);
        Indicate(null, [1]);
        world.Client.Deliver(TurnWorld.ServerAddress, TurnWorld.Local, [0x45, 0, 0, 1, 1]); // a channel that nobody bound
        world.Client.Deliver(TurnWorld.ServerAddress, TurnWorld.Local, [0x40, 0, 0, 9, 1]); // shorter than it says
        Assert.Equal(
            [DropReason.NoRoute, DropReason.MissingAttribute, DropReason.MissingAttribute, DropReason.NoRoute, DropReason.LengthMismatch],
            world.Client.Of<Observation.DatagramDropped>().Select(dropped => dropped.Reason));
        Assert.Empty(world.Delivered);

        void Indicate(TransportAddress? from, byte[]? data)
        {
            var message = new StunWriter(new byte[100], StunMethod.Data, StunClass.Indication, new TransactionId(1, 1));
            if (from is { } peer) message.AddXorAddress(StunAttributeType.XorPeerAddress, peer);
            if (data is not null) message.Add(StunAttributeType.Data, data);
            world.Client.Deliver(TurnWorld.ServerAddress, TurnWorld.Local, message.Finish().ToArray());
        }
    }

    [Fact]
    public void Packets_that_bounced_behind_the_relay_are_told_once_in_a_while()
    {
        var world = new TurnWorld().Allocate();
        world.Send(1);
        world.Run(1);
        for (int i = 0; i < 5; i++)
        {
            world.ServerEnd.Do((server, _) => server.Bounce(TurnWorld.Local, TurnWorld.PeerAddress, 3, 3));
            world.Run(1);
        }

        var bounced = Assert.Single(world.Client.Of<TurnClientEvent.Bounced>());
        Assert.Equal((TurnWorld.PeerAddress, 3, 3), (bounced.Peer, bounced.Type, bounced.Code));
    }

    [Fact]
    public void What_can_not_be_sent_is_counted()
    {
        var world = new TurnWorld();
        world.Send(1); // no allocation yet
        world.Allocate();
        world.Client.Do((client, now) => client.Send(TurnWorld.PeerAddress, new byte[TurnClient.MaxPayload + 1], now));
        world.Client.Do((client, now) => client.Send(TurnWorld.PeerAddress6, [1], now));           // no relay of that family
        world.Client.Do((client, now) => client.Send(TurnWorld.Address("0.0.0.0", 9), [1], now));  // nobody
        world.Client.Do((client, now) => client.Send(TurnWorld.PeerAddress.WithPort(0), [1], now));
        Assert.Equal(5, world.Client.Machine.Dropped);
        world.Client.Do((client, now) => client.Send(TurnWorld.PeerAddress, new byte[TurnClient.MaxPayload], now));
        world.Run(1);
        Assert.Equal(TurnClient.MaxPayload, Assert.Single(world.Delivered).Length);
    }
}
