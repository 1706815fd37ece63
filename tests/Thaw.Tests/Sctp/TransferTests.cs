using System.Buffers.Binary;
using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Xunit;

namespace Thaw.Tests.Sctp;

public sealed class TransferTests
{
    [Fact]
    public void Everything_arrives_once_and_in_order_over_a_terrible_link()
        => Gen.Int[0, 1_000_000].Sample(seed => Transfer(seed, loss: 0.2 + seed % 11 / 100.0, unordered: false), iter: 4);

    [Fact]
    public void Unordered_messages_all_arrive_once()
        => Gen.Int[0, 1_000_000].Sample(seed => Transfer(seed, loss: 0.1, unordered: true), iter: 2);

    private static void Transfer(int seed, double loss, bool unordered)
    {
        const int Count = 200;
        var faulty = new SctpLink(seed) { Loss = loss, Duplication = 0.05, Jitter = TimeSpan.FromMilliseconds(15) };
        var (link, a, b) = SctpLink.Associations(faulty, new SctpOptions(), seed);
        var random = new Random(seed);
        byte[][][] messages = [.. Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, Count).Select(i => Message(random, i)).ToArray())];
        SctpAssociation[] ends = [a, b];
        int[] next = [0, 0];
        link.Application = () =>
        {
            for (int end = 0; end < 2; end++)
                while (next[end] < Count
                    && ends[end].TrySend((ushort)(next[end] % 3), 53, messages[end][next[end]], new(unordered), link.Now)) next[end]++;
        };

        a.Connect(link.Now);
        b.Connect(link.Now);
        bool done = link.RunUntil(
            () => link.All<SctpEvent.Message>(0).Skip(Count - 1).Any() && link.All<SctpEvent.Message>(1).Skip(Count - 1).Any(),
            TimeSpan.FromMinutes(20));

        Assert.True(done, $"seed {seed}: {link.All<SctpEvent.Message>(0).Count()} and {link.All<SctpEvent.Message>(1).Count()} arrived; "
            + string.Join(';', link.All<SctpEvent.Failed>(0).Concat(link.All<SctpEvent.Failed>(1))));
        Assert.True(link.RunUntil(() => a.BufferedBytes + b.BufferedBytes == 0, TimeSpan.FromMinutes(1)), $"seed {seed}: not all acknowledged");
        for (int end = 0; end < 2; end++)
        {
            var arrived = link.All<SctpEvent.Message>(1 - end).ToList();
            Assert.Equal(Count, arrived.Count);
            if (unordered) Assert.Equal(Enumerable.Range(0, Count), arrived.Select(m => Index(m.Data)).Order());
            else
                foreach (var stream in arrived.GroupBy(m => m.Stream))
                    Assert.Equal(stream.Select(m => Index(m.Data)).Order(), stream.Select(m => Index(m.Data)));
            Assert.All(arrived, m => Assert.True(m.Data.AsSpan().SequenceEqual(messages[end][Index(m.Data)])));
        }
    }

    private static int Index(byte[] message) => BinaryPrimitives.ReadInt32BigEndian(message);

    private static byte[] Message(Random random, int index)
    {
        // Mostly small, now and then up to 64 KiB, as a voice session's messages are.
        byte[] message = new byte[4 + (random.Next(10) == 0 ? random.Next(65_533) : random.Next(2000))];
        random.NextBytes(message);
        BinaryPrimitives.WriteInt32BigEndian(message, index);
        return message;
    }

    [Fact]
    public void A_burst_of_a_hundred_16_KiB_messages_takes_400_ms_at_most()
    {
        var (link, a, _) = SctpLink.Established();
        var began = link.Now;
        int sent = 0;
        byte[] message = new byte[16_384];
        link.Application = () =>
        {
            while (sent < 100 && a.TrySend(1, 53, message, default, link.Now)) sent++;
        };

        Assert.True(link.RunUntil(() => link.All<SctpEvent.Message>(1).Count() == 100, TimeSpan.FromSeconds(5)));
        Assert.InRange((link.Now - began).TotalMilliseconds, 40, 400);
        Assert.Empty(link.All<Observation.SctpChunksRetransmitted>(0));
        Assert.All(link.Wire, w => Assert.True(w.Packet.Length <= 1152));
    }

    [Fact]
    public void The_send_buffer_is_bounded_and_drains()
    {
        var (link, a, _) = SctpLink.Established();
        int accepted = 0;
        while (a.TrySend(0, 53, new byte[10_000], default, link.Now)) accepted++;
        Assert.Equal((1 << 20) / 10_064, accepted);

        link.RunFor(TimeSpan.FromSeconds(3));
        Assert.Equal(accepted, link.All<SctpEvent.Message>(1).Count());
        Assert.Equal(0, a.BufferedBytes);
        for (int i = 0; i < 1_000_000 / 64 && a.TrySend(0, 53, [1], default, link.Now); i++) accepted++;
        Assert.True(accepted < (1 << 20) / 64 + 105, "small messages are bounded too");
    }

    [Fact]
    public void A_window_that_gaps_close_opens_again()
    {
        // The receiver can hold 16 KiB; the first chunk is lost twice, so the window fills behind the gap.
        var options = new SctpOptions { ReceiveBuffer = 16_384, MaxMessageSize = 16_384 };
        var (link, a, _) = SctpLink.Established(options: options);
        int dropped = 0;
        uint? first = null;
        link.Drops = (from, packet) => from == 0 && Packets.Chunks(packet).Any(
            c => c.Type is ChunkType.Data && c.UInt32(0) == (first ??= c.UInt32(0))) && dropped++ < 2;
        int sent = 0;
        link.Application = () => { while (sent < 100 && a.TrySend(0, 53, new byte[4000], default, link.Now)) sent++; };
        link.RunFor(TimeSpan.FromSeconds(20));

        Assert.Equal(100, link.All<SctpEvent.Message>(1).Count());
        Assert.Contains(link.Sent(1, ChunkType.Sack), s => s.Chunk.UInt32(4) < 2200);
        Assert.Equal(16_384u, link.Sent(1, ChunkType.Sack).Last().Chunk.UInt32(4));
    }

    [Fact]
    public void A_closed_peer_window_is_probed_and_never_counts_as_a_dead_peer()
    {
        var (link, a, _) = SctpLink.Established();
        uint tag = link.TagFrom(1); // of packets to a
        a.TrySend(0, 53, new byte[100], default, link.Now);
        link.RunFor(TimeSpan.FromMilliseconds(500));
        uint cumulative = link.Sent(0, ChunkType.Data).Single().Chunk.UInt32(0);

        link.Drops = (from, _) => from == 0; // a talks to a script from here on
        link.Inject(0, Packets.Make(tag, Packets.Sack(cumulative, 0)));
        for (int i = 0; i < 5; i++) a.TrySend(0, 53, new byte[1000], default, link.Now);
        for (int i = 0; i < 40; i++)
        {
            link.RunFor(TimeSpan.FromSeconds(4));
            link.Inject(0, Packets.Make(tag, Packets.Sack(cumulative, 0)));
        }

        Assert.Empty(link.All<SctpEvent.Failed>(0));
        Assert.Equal([cumulative, cumulative + 1], link.Sent(0, ChunkType.Data).Select(s => s.Chunk.UInt32(0)).Distinct()); // one probe
        link.Drops = (_, _) => true;
        link.Inject(0, Packets.Make(tag, Packets.Sack(cumulative + 1, 100_000)));
        Assert.Equal([cumulative + 2, cumulative + 3], link.Sent(0, ChunkType.Data).Select(s => s.Chunk.UInt32(0)).Skip(1).Distinct().Skip(1));
    }

    [Fact]
    public void Acknowledgements_come_every_second_packet_or_200_ms_late_or_at_once_on_a_gap()
    {
        var (link, a, b) = SctpLink.Established();
        uint tag = link.TagFrom(0);
        a.TrySend(0, 53, "x"u8, default, link.Now);
        link.RunFor(TimeSpan.FromSeconds(1));
        uint tsn = link.Sent(0, ChunkType.Data).Single().Chunk.UInt32(0);
        var sacks = link.Sent(1, ChunkType.Sack).ToList();
        Assert.Equal(210, (sacks.Single().At - link.Sent(0, ChunkType.Data).Single().At).TotalMilliseconds);

        int Sacks() => link.Sent(1, ChunkType.Sack).Count() - sacks.Count;
        link.Inject(1, Packets.Make(tag, Packets.Data(tsn + 1, [1], ssn: 1)));
        Assert.Equal(0, Sacks());
        link.Inject(1, Packets.Make(tag, Packets.Data(tsn + 2, [1], ssn: 2)));
        Assert.Equal(1, Sacks());
        link.Inject(1, Packets.Make(tag, Packets.Data(tsn + 4, [1], ssn: 4)));
        Assert.Equal(2, Sacks());
        link.Inject(1, Packets.Make(tag, Packets.Data(tsn + 3, [1], ssn: 3)));
        Assert.Equal(3, Sacks());
        link.Inject(1, Packets.Make(tag, Packets.Data(tsn + 5, [1], ssn: 5, flags: DataFlags.Begin | DataFlags.End | DataFlags.Immediate)));
        Assert.Equal(4, Sacks());
        link.Inject(1, Packets.Make(tag, Packets.Data(tsn + 5, [1], ssn: 5)));
        Assert.Equal(5, Sacks());
        Assert.Equal(6, link.All<SctpEvent.Message>(1).Count());
        _ = b;
    }
}
