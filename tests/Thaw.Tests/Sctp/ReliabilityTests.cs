using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Xunit;

namespace Thaw.Tests.Sctp;

public sealed class ReliabilityTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_with_no_retransmissions_is_skipped_and_the_next_is_delivered(bool unordered)
    {
        var (link, a, _) = SctpLink.Established();
        var once = new ChannelReliability(unordered, MaxRetransmits: 0);
        int sent = 0;
        link.Drops = (from, packet) => from == 0 && Packets.Has(packet, ChunkType.Data) && sent++ == 0;
        for (int i = 0; i < 5; i++) a.TrySend(0, 53, [.. Enumerable.Repeat((byte)i, 1000)], once, link.Now);
        link.RunFor(2 * Second);

        Assert.Equal([1, 2, 3, 4], link.All<SctpEvent.Message>(1).Select(m => (int)m.Data[0]).Order());
        var forward = link.Sent(0, ChunkType.ForwardTsn).First().Chunk;
        Assert.Equal(unordered ? 4 : 8, forward.Value.Length);
        Assert.Equal(0, a.BufferedBytes);
        Assert.Equal(5, link.Sent(0, ChunkType.Data).Count());
    }

    [Fact]
    public void A_lifetime_ends_retransmission_and_the_rest_of_a_fragmented_message()
    {
        var (link, a, _) = SctpLink.Established();
        link.Drops = (from, packet) => from == 0 && Packets.Has(packet, ChunkType.Data);
        a.TrySend(3, 53, new byte[60_000], new(Lifetime: TimeSpan.FromMilliseconds(500)), link.Now);
        link.RunFor(Second);
        link.Drops = null;
        Assert.True(a.TrySend(3, 53, "alive"u8, default, link.Now));
        link.RunFor(5 * Second);

        Assert.Equal("alive"u8.ToArray(), link.All<SctpEvent.Message>(1).Single().Data);
        Assert.Equal(0, a.BufferedBytes);
    }

    [Fact]
    public void Fragments_that_were_acknowledged_before_the_end_are_taken_back()
    {
        // The first window arrives whole, nothing after it does: the peer holds fragments of a message that never ends.
        var options = new SctpOptions();
        var (link, a, _) = SctpLink.Established(options: options);
        int packets = 0;
        link.Drops = (from, packet) => from == 0 && Packets.Has(packet, ChunkType.Data) && ++packets is > 10 and < 200;
        a.TrySend(0, 53, new byte[200_000], new(MaxRetransmits: 1), link.Now);
        link.RunFor(20 * Second);
        link.Drops = null;
        a.TrySend(0, 53, "next"u8, default, link.Now);
        link.RunFor(5 * Second);

        Assert.Equal("next"u8.ToArray(), link.All<SctpEvent.Message>(1).Single().Data);
        Assert.Equal((uint)options.ReceiveBuffer, link.Sent(1, ChunkType.Sack).Last().Chunk.UInt32(4));
    }

    [Fact]
    public void What_expires_in_the_queue_is_never_sent_and_leaves_no_gap()
    {
        var (link, a, _) = SctpLink.Established();
        link.Drops = (from, packet) => from == 0 && Packets.Has(packet, ChunkType.Data);
        for (int i = 0; i < 20; i++) a.TrySend(0, 53, new byte[1100], default, link.Now);
        a.TrySend(0, 53, "stale"u8, new(Lifetime: TimeSpan.FromMilliseconds(100)), link.Now);
        a.TrySend(0, 53, "fresh"u8, default, link.Now);
        link.RunFor(TimeSpan.FromMilliseconds(200));
        link.Drops = null;
        link.RunFor(5 * Second);

        Assert.Equal(21, link.All<SctpEvent.Message>(1).Count());
        Assert.Equal("fresh"u8.ToArray(), link.All<SctpEvent.Message>(1).Last().Data);
        Assert.Empty(link.Sent(0, ChunkType.ForwardTsn));
    }

    [Fact]
    public void Partial_reliability_over_a_lossy_link_never_wedges_the_stream()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            var (link, a, _) = SctpLink.Associations(new SctpLink(seed) { Loss = 0.3, Jitter = TimeSpan.FromMilliseconds(20) }, seed: seed);
            var random = new Random(seed);
            int sent = 0;
            a.Connect(link.Now);
            link.Application = () =>
            {
                while (sent < 300 && a.TrySend((ushort)(sent % 4), 53, new byte[1 + random.Next(5000)], new(sent % 2 == 0, MaxRetransmits: sent % 3), link.Now)) sent++;
            };
            Assert.True(link.RunUntil(() => sent == 300 && a.BufferedBytes == 0, TimeSpan.FromMinutes(5)), $"seed {seed}");
            link.Loss = 0;
            int before = link.All<SctpEvent.Message>(1).Count();
            for (ushort stream = 0; stream < 4; stream++) a.TrySend(stream, 53, "end"u8, default, link.Now);
            link.RunFor(5 * Second);
            Assert.Equal(before + 4, link.All<SctpEvent.Message>(1).Count());
            Assert.InRange(before, 100, 300);
        }
    }

    [Fact]
    public void A_peer_without_forward_tsn_gets_everything()
    {
        var (link, a, _) = SctpLink.Associations();
        byte[] buffer = new byte[Output.BufferLength];
        a.Connect(link.Now);
        while (a.Poll(buffer, link.Now).Kind is not OutputKind.Idle) { }
        byte[] ack = [.. Packets.U32(9), .. Packets.U32(100_000), 0, 9, 0, 9, .. Packets.U32(1), 0, 7, 0, 8, 1, 2, 3, 4];
        uint tag = Tag(a, buffer, link.Now);
        a.Receive(Packets.Make(tag, new Packets.Chunk(ChunkType.InitAck, 0, ack)), link.Now);
        a.Receive(Packets.Make(tag, new Packets.Chunk(ChunkType.CookieAck, 0, [])), link.Now);
        a.TrySend(0, 53, "x"u8, new(MaxRetransmits: 0), link.Now);
        int copies = 0;
        for (var now = link.Now; now < link.Now + 3 * Second; now += TimeSpan.FromMilliseconds(100))
        {
            a.Advance(now);
            for (var output = a.Poll(buffer, now); output.Kind is not OutputKind.Idle; output = a.Poll(buffer, now))
                if (output.Kind is OutputKind.Transmit && Packets.Has(output.Payload.ToArray(), ChunkType.Data)) copies++;
        }

        Assert.Equal(4, copies); // at 0, 500, 1500 and 2500 ms

        // Its tag is in the INIT that T1 repeats.
        static uint Tag(SctpAssociation a, byte[] buffer, Instant now)
        {
            a.Advance(now + Second);
            for (var output = a.Poll(buffer, now); output.Kind is not OutputKind.Idle; output = a.Poll(buffer, now))
                if (output.Kind is OutputKind.Transmit) return Packets.Chunks(output.Payload.ToArray())[0].UInt32(0);
            throw new InvalidOperationException();
        }
    }
}
