using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Xunit;

namespace Thaw.Tests.Sctp;

public sealed class HostileInputTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mutated_packets_neither_throw_nor_disturb_a_running_transfer(bool fixChecksum)
    {
        // Every real packet reaches its end, and with it mutants of it. With a right checksum and a wrong tag they must
        // be harmless; with both right they are the peer's own words and may end the association, but nothing throws.
        for (int seed = 0; seed < 4; seed++)
        {
            var random = new Random(seed);
            var (link, a, b) = SctpLink.Established(seed: seed);
            int injected = 0;
            link.Drops = (from, packet) =>
            {
                for (int i = 0; i < 3; i++, injected++)
                    link.Inject(1 - from, Mutate(random, packet, fixChecksum, keepTag: false));
                return false;
            };
            int sent = 0;
            link.Application = () => { while (sent < 60 && a.TrySend(0, 53, [(byte)sent, .. new byte[2000]], default, link.Now)) sent++; };
            link.RunFor(TimeSpan.FromSeconds(10));

            Assert.True(injected > 200);
            Assert.Equal(Enumerable.Range(0, 60), link.All<SctpEvent.Message>(1).Select(m => (int)m.Data[0]));
            Assert.Empty(link.All<SctpEvent.Failed>(0).Concat(link.All<SctpEvent.Failed>(1)));
            _ = b;
        }
    }

    [Fact]
    public void Mutants_with_right_checksum_and_tag_never_throw_and_memory_stays_bounded()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            var (link, a, b) = SctpLink.Channels(seed: seed);
            a.Connect(link.Now);
            b.Connect(link.Now);
            link.Drops = (from, packet) =>
            {
                for (int i = 0; i < 5; i++) link.Inject(1 - from, Mutate(random, packet, fixChecksum: true, keepTag: true));
                return false;
            };
            ushort stream = a.Open("x", "", new(true, MaxRetransmits: 1), link.Now);
            for (int i = 0; i < 30; i++)
            {
                a.TrySend(stream, true, new byte[random.Next(5000)], link.Now);
                if (i % 7 == 6) a.Close(stream, link.Now);
                link.RunFor(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    [Fact]
    public void Random_chunks_with_right_checksum_and_tag_never_throw()
    {
        var random = new Random(7);
        ChunkType[] types = [.. Enum.GetValues<ChunkType>().Except([ChunkType.Abort, ChunkType.ShutdownAck, ChunkType.Shutdown]), (ChunkType)0x40, (ChunkType)0xC1, (ChunkType)0x84];
        var (link, a, _) = SctpLink.Established();
        for (int i = 0; i < 5000; i++)
        {
            if (a.IsEnded) (link, a, _) = SctpLink.Established(seed: i);
            uint tag = link.TagFrom(1);
            var chunks = Enumerable.Range(0, 1 + random.Next(4)).Select(_ =>
            {
                byte[] value = new byte[random.Next(40)];
                random.NextBytes(value);
                // Small numbers near ours reach further than noise.
                if (value.Length >= 4 && random.Next(2) == 0) link.Wire[^1].Packet.AsSpan(Math.Min(16, link.Wire[^1].Packet.Length - 4), 4).CopyTo(value);
                return new Packets.Chunk(types[random.Next(types.Length)], (byte)random.Next(16), value);
            });
            link.Inject(0, Packets.Make(tag, [.. chunks]));
            if (i % 10 == 0) link.RunFor(TimeSpan.FromMilliseconds(50));
        }
    }

    [Fact]
    public void A_wrong_tag_port_or_checksum_is_dropped_with_its_reason()
    {
        var (link, _, _) = SctpLink.Established();
        uint tag = link.TagFrom(1);
        byte[] good = Packets.Make(tag, new Packets.Chunk(ChunkType.Heartbeat, 0, [0, 1, 0, 8, 1, 2, 3, 4]));
        byte[] port = [.. good], sum = [.. good];
        port[1] ^= 1;
        Packets.FixChecksum(port);
        sum[8] ^= 1;

        link.Inject(0, Packets.Make(tag + 1, new Packets.Chunk(ChunkType.Abort, 0, [])));
        link.Inject(0, port);
        link.Inject(0, sum);
        link.Inject(0, good.AsSpan(0, 8));
        link.Inject(0, Packets.Make(tag, new Packets.Chunk(ChunkType.Data, 3, new byte[12]))); // no user data
        Assert.Equal(
            [DropReason.BadVerificationTag, DropReason.NoRoute, DropReason.BadChecksum, DropReason.Truncated, DropReason.Malformed],
            link.All<Observation.DatagramDropped>(0).Select(d => d.Reason));

        link.Inject(0, good);
        Assert.Equal([0, 1, 0, 8, 1, 2, 3, 4], link.Sent(0, ChunkType.HeartbeatAck).Single().Chunk.Value);
    }

    [Fact]
    public void Tsns_from_nowhere_sacks_for_nothing_and_endless_streams_are_harmless()
    {
        var (link, a, b) = SctpLink.Established();
        uint tag = link.TagFrom(1);
        b.TrySend(0, 53, "first"u8, default, link.Now);
        link.RunFor(TimeSpan.FromSeconds(1));
        uint tsn = link.Sent(1, ChunkType.Data).Single().Chunk.UInt32(0);

        link.Inject(0, Packets.Make(tag, Packets.Data(tsn + 1_000_000, [1])));
        link.Inject(0, Packets.Make(tag, Packets.Data(tsn + 0x7000_0000, [1])));
        link.Inject(0, Packets.Make(tag, new Packets.Chunk(ChunkType.ForwardTsn, 0, Packets.U32(tsn + 0x7000_0000))));
        link.Inject(0, Packets.Make(tag, Packets.Sack(tsn + 5000, 0)));
        link.Inject(0, Packets.Make(tag, Packets.Sack(0, 0, [.. Enumerable.Range(1, 280).Select(i => ((ushort)(i * 200), (ushort)(i * 200 + 100)))])));
        Assert.True(link.All<Observation.DatagramDropped>(0).Count() >= 4);

        b.TrySend(0, 53, "second"u8, default, link.Now);
        a.TrySend(0, 53, "back"u8, default, link.Now);
        link.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(2, link.All<SctpEvent.Message>(0).Count());
        Assert.Single(link.All<SctpEvent.Message>(1));
    }

    [Fact]
    public void A_flood_of_fragments_without_end_stops_at_the_buffer()
    {
        var (link, a, _) = SctpLink.Established();
        uint tag = link.TagFrom(1);
        uint next = link.Sent(1, ChunkType.InitAck).Single().Chunk.UInt32(12);
        for (uint i = 0; i < 5000 && !a.IsEnded; i++) // every second TSN, each an own beginning
            link.Inject(0, Packets.Make(tag, Packets.Data(next + 1 + 2 * i, new byte[1000], flags: DataFlags.Begin)));

        Assert.False(a.IsEnded);
        Assert.True(link.All<Observation.DatagramDropped>(0).Count(d => d.Reason is DropReason.QueueFull) > 3000);
        Assert.Equal(0u, link.Sent(0, ChunkType.Sack).Last().Chunk.UInt32(4) / 1000);
    }

    [Fact]
    public void Messages_that_wait_for_one_that_never_comes_end_the_association_at_a_bound()
    {
        var (link, a, _) = SctpLink.Established();
        uint tag = link.TagFrom(1);
        uint next = link.Sent(1, ChunkType.InitAck).Single().Chunk.UInt32(12);
        int count = 0;
        for (; count < 5000 && !a.IsEnded; count++) // in sequence, so never refused, but number 0 of the stream is missing
            link.Inject(0, Packets.Make(tag, Packets.Data(next + (uint)count, new byte[1000], ssn: (ushort)(count + 1))));

        Assert.Equal(SctpFailure.OutOfResources, link.All<SctpEvent.Failed>(0).Single().Reason);
        Assert.InRange(count, 1000, 1400);
    }

    [Fact]
    public void Unknown_chunks_are_treated_as_their_high_bits_say()
    {
        var (link, _, _) = SctpLink.Established();
        uint tag = link.TagFrom(1);
        var beat = new Packets.Chunk(ChunkType.Heartbeat, 0, [0, 1, 0, 8, 1, 2, 3, 4]);
        foreach (var (type, goesOn, reports) in ((int, bool, bool)[])[(0x3F, false, false), (0x7F, false, true), (0xBF, true, false), (0xFF, true, true)])
        {
            int beats = link.Sent(0, ChunkType.HeartbeatAck).Count(), errors = link.Sent(0, ChunkType.Error).Count();
            link.Inject(0, Packets.Make(tag, new Packets.Chunk((ChunkType)type, 0, [1, 2, 3]), beat));
            Assert.Equal(goesOn, link.Sent(0, ChunkType.HeartbeatAck).Count() > beats);
            Assert.Equal(reports, link.Sent(0, ChunkType.Error).Count() > errors);
        }

        Assert.Equal("0006000bff0000" + "07010203", Convert.ToHexStringLower(link.Sent(0, ChunkType.Error).Last().Chunk.Value));
    }

    [Fact]
    public void Streams_that_were_never_sent_on_need_no_reset_however_many_a_peer_names()
    {
        var (link, a, b) = SctpLink.Channels();
        a.Connect(link.Now);
        link.RunFor(TimeSpan.FromSeconds(1));
        uint tag = link.TagFrom(0), sequence = link.Sent(0, ChunkType.Init).Single().Chunk.UInt32(12);
        for (uint i = 0; i < 600; i++)
        {
            byte[] streams = [.. Enumerable.Range((int)i * 100, 100).SelectMany(s => Packets.U16((ushort)s))];
            link.Inject(1, Packets.Make(tag, new Packets.Chunk(ChunkType.ReConfig, 0, [0, 14, 0, 208, .. Packets.U32(sequence + i), .. streams])));
        }

        link.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(600, link.Sent(1, ChunkType.ReConfig).Count(sent => sent.Chunk.UInt16(0) == 16)); // an answer each
        Assert.DoesNotContain(link.Sent(1, ChunkType.ReConfig), sent => sent.Chunk.UInt16(0) == 13);
        _ = b;
    }

    [Fact]
    public void A_channel_opened_and_reset_over_and_over_makes_no_answers_pile_up()
    {
        var (link, a, b) = SctpLink.Channels();
        a.Connect(link.Now);
        link.RunFor(TimeSpan.FromSeconds(1));
        uint tag = link.TagFrom(0), tsn = link.Sent(0, ChunkType.Init).Single().Chunk.UInt32(12);
        byte[] open = [3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        link.Drops = (from, _) => from == 1; // our own reset is never answered, so our ACKs cannot leave
        for (uint i = 0; i < 1_000; i++)
        {
            link.Inject(1, Packets.Make(tag, new Packets.Chunk(ChunkType.Data, 3,
                [.. Packets.U32(tsn + i), .. Packets.U16(1), .. Packets.U16(0), .. Packets.U32(50), .. open])));
            link.Inject(1, Packets.Make(tag, new Packets.Chunk(ChunkType.ReConfig, 0,
                [0, 13, 0, 18, .. Packets.U32(tsn + i), .. Packets.U32(0), .. Packets.U32(tsn + i), .. Packets.U16(1), 0, 0])));
        }

        Assert.Equal(1_000, link.All<DataChannelEvent.Opened>(1).Count());
        link.Drops = null;
        link.RunFor(TimeSpan.FromSeconds(5)); // now it is, and what has piled up leaves
        Assert.InRange(link.Sent(1, ChunkType.Data).Count(), 1, 20);
        _ = b;
    }

    private static byte[] Mutate(Random random, byte[] packet, bool fixChecksum, bool keepTag)
    {
        byte[] mutant = [.. packet];
        if (random.Next(4) == 0) mutant = mutant[..random.Next(mutant.Length)];
        for (int flips = 1 + random.Next(4); flips > 0 && mutant.Length > 0; flips--)
        {
            int from = keepTag ? Math.Min(12, mutant.Length - 1) : 0;
            mutant[random.Next(from, mutant.Length)] ^= (byte)(1 << random.Next(8));
        }

        if (!keepTag && mutant.Length >= 8) mutant[4] ^= 0x55;
        if (fixChecksum) Packets.FixChecksum(mutant);
        return mutant;
    }
}
