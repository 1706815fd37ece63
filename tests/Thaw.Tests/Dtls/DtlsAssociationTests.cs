using System.Diagnostics;
using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Xunit;

namespace Thaw.Tests.Dtls;

public sealed class DtlsAssociationTests
{
    [Fact]
    public void Application_data_crosses_in_both_directions()
    {
        using var world = new DtlsWorld().Connect();
        byte[] large = RandomNumberGenerator.GetBytes(1200);

        world.Client.Engine.Send("from client"u8, world.Now);
        world.Server.Engine.Send(large, world.Now);
        world.Server.Engine.Send("second"u8, world.Now);
        world.Drain();
        world.RunFor(0.1);

        Assert.Equal("from client"u8.ToArray(), Assert.Single(world.Server.Data));
        Assert.Equal([large, "second"u8.ToArray()], world.Client.Data);
        Assert.Throws<ArgumentOutOfRangeException>(() => world.Client.Engine.Send(new byte[1201], world.Now));
    }

    [Fact]
    public void Several_records_in_one_datagram_arrive_as_several_messages()
    {
        using var world = new DtlsWorld().Connect();
        byte[] one = Protect(world, "one"u8), two = Protect(world, "two"u8);

        world.Deliver(world.Server, [.. one, .. two]);

        Assert.Equal(["one"u8.ToArray(), "two"u8.ToArray()], world.Server.Data);
    }

    [Fact]
    public void Data_sent_before_the_handshake_is_done_is_dropped()
    {
        using var world = new DtlsWorld();
        world.Client.Engine.Send("too early"u8, world.Now);
        world.Start();
        world.Client.Engine.Send("still too early"u8, world.Now);
        world.RunUntil(() => world.BothConnected).RunFor(1);

        Assert.True(world.BothConnected);
        Assert.Empty(world.Server.Data);
    }

    [Fact]
    public void Replayed_forged_and_malformed_records_are_dropped_and_named()
    {
        using var world = new DtlsWorld().Connect();
        byte[] sent = Protect(world, "once"u8);
        byte[] forged = [.. Protect(world, "twice"u8)];
        forged[^1] ^= 1;
        byte[] shortRecord = [23, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 99, 0, 4, 1, 2, 3, 4]; // no room for nonce and tag

        world.Deliver(world.Server, sent);
        foreach (byte[] bad in (byte[][])[sent, forged, shortRecord, [], [22], "GET / HTTP/1.1"u8.ToArray()]) world.Deliver(world.Server, bad);

        Assert.Equal("once"u8.ToArray(), Assert.Single(world.Server.Data));
        Assert.Equal(6, world.Server.Saw<Observation.DatagramDropped>().Count(d => d.Reason == DropReason.BadDtlsRecord));
        Assert.Null(world.Server.Failed);

        world.Deliver(world.Server, Protect(world, "still here"u8));
        Assert.Equal(2, world.Server.Data.Count);
    }

    [Fact]
    public void A_datagram_without_data_does_not_make_the_owner_wait()
    {
        using var world = new DtlsWorld().Connect();
        byte[] forged = Protect(world, "x"u8);
        forged[^1] ^= 1;
        world.Deliver(world.Server, forged);

        double best = Enumerable.Range(0, 10).Min(_ =>
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < 20; i++) world.Server.Engine.Receive(forged, world.Now);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
        Assert.InRange(best, 0, 5); // BouncyCastle left alone: a millisecond each
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Close_tells_the_peer_and_both_fall_silent(bool clientCloses)
    {
        using var world = new DtlsWorld().Connect();
        var closing = clientCloses ? world.Client : world.Server;
        var peer = world.PeerOf(closing);

        closing.Engine.Close(world.Now);
        world.Drain();
        world.RunFor(1);

        Assert.IsType<DtlsEvent.Closed>(peer.Events[^1]);
        Assert.Single(closing.Events);
        Assert.Equal("close_notify", Assert.Single(peer.Saw<Observation.DtlsAlertReceived>()).Name);
        int said = closing.Sent.Count + peer.Sent.Count;
        closing.Engine.Send("late"u8, world.Now);
        peer.Engine.Send("late"u8, world.Now);
        world.Drain();
        Assert.Equal(said, closing.Sent.Count + peer.Sent.Count);
    }

    [Fact]
    public void Input_after_close_or_dispose_does_nothing_in_any_state()
    {
        foreach (double runFor in (double[])[0, 0.005, 0.015, 0.025, 0.035, 1])
        {
            using var world = new DtlsWorld();
            if (runFor > 0) world.Start().RunFor(runFor);
            byte[] datagram = world.Client.Sent.Count > 0 ? world.Client.Sent[0].Datagram : [22];

            world.Server.Engine.Close(world.Now);
            world.Drain();
            int said = world.Server.Sent.Count + world.Server.Events.Count;
            world.Deliver(world.Server, datagram);
            world.Server.Engine.Start(world.Now);
            world.Server.Engine.Advance(world.Now + TimeSpan.FromMinutes(1));
            world.Drain();
            Assert.Equal(said, world.Server.Sent.Count + world.Server.Events.Count);

            world.Client.Engine.Dispose();
            world.Client.Engine.Dispose();
            world.Deliver(world.Client, datagram);
            Assert.Equal(Instant.Never, world.Client.WakeAt);
        }
    }

    private static byte[] Protect(DtlsWorld world, ReadOnlySpan<byte> data)
    {
        world.Client.Engine.Send(data, world.Now);
        byte[] buffer = new byte[Output.BufferLength];
        return world.Client.Engine.Poll(buffer, world.Now).Payload.ToArray();
    }
}
