using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Xunit;

namespace Thaw.Tests.Sctp;

public sealed class WireTests
{
    /// <summary>An INIT of usrsctp with AUTH and ASCONF parameters, as it was captured from a browser.</summary>
    private const string UsrsctpInit =
        "1388138800000000aa019d33" +
        "0100005a0eddca080002000003e803e855083637" +
        "80000004c0000004" +
        "80080009c00fc18082000000" +
        "80020024c5a86155090e6f420050634cc8d6b908dfd53e17c99cb143284eaf64682ac297" +
        "800400060001000080030006" + "80c10000";

    /// <summary>A DATA chunk made by scapy: stream 0, PPID 53, "hi".</summary>
    private const string ScapyData = "c0001388deadbeef940b2786" + "00030012000000010000000000000035" + "68690000";

    [Theory] // RFC 3720 §B.4, and the catalogue's check value
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AAu)]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 0x62A8AB43u)]
    [InlineData("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0x46DD794Eu)]
    [InlineData("1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100", 0x113FDB5Cu)]
    [InlineData("313233343536373839", 0xE3069283u)]
    public void Crc32c_has_its_published_values(string data, uint crc)
        => Assert.Equal(crc, Crc32c.Of(Convert.FromHexString(data)));

    [Fact]
    public void A_captured_init_reads_as_its_sender_meant_it()
    {
        Assert.Null(PacketReader.TryRead(Convert.FromHexString(UsrsctpInit), out var packet));
        Assert.Equal((5000, 5000, 0u), (packet.SourcePort, packet.DestinationPort, packet.VerificationTag));

        var chunks = packet.GetEnumerator();
        Assert.True(chunks.MoveNext());
        Assert.Equal(ChunkType.Init, chunks.Current.Type);
        Assert.True(InitReader.TryRead(chunks.Current, out var init));
        Assert.False(chunks.MoveNext());

        Assert.Equal(
            new PeerParameters(0x0EDDCA08, new Tsn(0x55083637), 131_072, 1000, 1000, ForwardTsn: true, ReConfig: true),
            PeerParameters.From(init));
    }

    [Fact]
    public void A_captured_init_is_answered_with_its_tag_and_a_cookie()
    {
        var association = new SctpAssociation(new(), new World.SeededRandom(1), new(0));
        byte[] buffer = new byte[Output.BufferLength];

        association.Receive(Convert.FromHexString(UsrsctpInit), new(0));
        var output = association.Poll(buffer, new(0));

        Assert.Equal(OutputKind.Transmit, output.Kind);
        Assert.Equal("0eddca08", Convert.ToHexStringLower(output.Payload.Slice(4, 4)));
        var ack = Assert.Single(Packets.Chunks(output.Payload.ToArray()));
        Assert.Equal(ChunkType.InitAck, ack.Type);
        Assert.Equal(OutputKind.Idle, association.Poll(buffer, new(0)).Kind);
    }

    [Fact]
    public void A_data_chunk_of_another_implementation_reads_and_writes_alike()
    {
        byte[] packet = Convert.FromHexString(ScapyData);
        Assert.Null(PacketReader.TryRead(packet, out var reader));
        var chunks = reader.GetEnumerator();
        Assert.True(chunks.MoveNext());
        Assert.True(DataReader.TryRead(chunks.Current, out var data));
        Assert.Equal((new Tsn(1), 0, 0, 53u), (data.Tsn, data.Stream, data.Ssn, data.Ppid));
        Assert.Equal("hi", Encoding.ASCII.GetString(data.UserData));

        byte[] buffer = new byte[64];
        var writer = new PacketWriter(buffer, new SctpOptions { LocalPort = 0xC000 }, 0xDEADBEEF);
        writer.AddData(new OutboundChunk { Tsn = new(1), Flags = DataFlags.Begin | DataFlags.End, Stream = 0, Ssn = 0, Ppid = 53, UserData = "hi"u8 });
        Assert.Equal(ScapyData, Convert.ToHexStringLower(buffer[..writer.Seal()]));
    }

    [Fact]
    public void A_packet_cut_anywhere_or_with_any_bit_flipped_is_refused()
    {
        byte[] packet = Convert.FromHexString(UsrsctpInit);
        for (int length = 0; length < packet.Length; length++)
            Assert.NotNull(PacketReader.TryRead(packet.AsSpan(0, length), out _));
        for (int bit = 0; bit < packet.Length * 8; bit++)
        {
            packet[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.Equal(DropReason.BadChecksum, PacketReader.TryRead(packet, out _));
            packet[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Theory]
    [InlineData("00000000")] // a chunk of length zero
    [InlineData("00000003")]
    [InlineData("00000400")] // longer than the packet
    [InlineData("0b000004ffff")] // crumbs behind the last chunk
    public void A_chunk_that_does_not_fit_condemns_the_packet(string chunks)
    {
        byte[] packet = [.. new byte[12], .. Convert.FromHexString(chunks)];
        Packets.FixChecksum(packet);
        Assert.Equal(DropReason.Malformed, PacketReader.TryRead(packet, out _));
    }

    [Fact]
    public void A_sack_whose_gap_blocks_overlap_or_descend_is_refused()
    {
        Assert.True(Reads(Packets.Sack(10, 1000, (2, 3), (5, 5))));
        Assert.False(Reads(Packets.Sack(10, 1000, (5, 5), (2, 3))));
        Assert.False(Reads(Packets.Sack(10, 1000, (2, 5), (5, 6))));
        Assert.False(Reads(Packets.Sack(10, 1000, (0, 5))));
        Assert.False(Reads(Packets.Sack(10, 1000, (9, 5))));

        static bool Reads(Packets.Chunk sack)
        {
            Assert.Null(PacketReader.TryRead(Packets.Make(1, sack), out var packet));
            var chunks = packet.GetEnumerator();
            return chunks.MoveNext() && SackReader.TryRead(chunks.Current, out _);
        }
    }

    [Fact]
    public void Tsns_compare_across_the_wrap()
    {
        Assert.True(new Tsn(uint.MaxValue) < new Tsn(0));
        Assert.True(new Tsn(5) > new Tsn(uint.MaxValue - 5));
        Assert.True(Ssn.IsBefore(ushort.MaxValue, 0));
    }

    [Fact]
    public void Gaps_are_reported_across_words_and_the_wrap()
    {
        var received = new ReceivedTsns();
        received.Start(new Tsn(uint.MaxValue - 9)); // cumulative is MaxValue - 10
        foreach (int offset in (int[])[2, 3, 4, 70, 71, 200]) received.Add(new Tsn(uint.MaxValue - 10) + offset);

        byte[] blocks = new byte[16];
        Assert.Equal(3, received.WriteGaps(blocks, 4));
        Assert.Equal("000200040046004700c800c8", Convert.ToHexStringLower(blocks.AsSpan(0, 12)));
        Assert.Equal(Arrival.Duplicate, received.Classify(new Tsn(uint.MaxValue - 10) + 71));
        Assert.Equal(Arrival.TooFar, received.Classify(new Tsn(uint.MaxValue - 10) + ReceivedTsns.Window));

        received.Add(new Tsn(uint.MaxValue - 9));
        Assert.Equal(new Tsn(uint.MaxValue - 6), received.Cumulative);
    }
}
