using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Sctp;

public sealed class DataChannelTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_channel_opened_before_the_handshake_is_open_after_two_round_trips()
    {
        var (link, a, b) = SctpLink.Channels();
        a.Connect(link.Now);
        b.Connect(link.Now);
        ushort stream = a.Open("chat", "proto", default, link.Now);
        link.RunFor(Second);

        Assert.Equal(0, stream); // DTLS client: even
        var opened = link.All<DataChannelEvent.Opened>(1).Single();
        Assert.Equal(new DataChannelEvent.Opened(0, "chat", "proto", default, Incoming: true), opened);
        Assert.Equal(new DataChannelEvent.Opened(0, "chat", "proto", default, Incoming: false), link.All<DataChannelEvent.Opened>(0).Single());
        Assert.Equal(40, (link.Seen[0].Single(s => s.Value is DataChannelEvent.Opened).At - new Instant(0)).TotalMilliseconds);
        Assert.Equal(1, b.Open("back", "", default, link.Now));
    }

    [Fact]
    public void Text_binary_and_empty_messages_keep_their_kind()
    {
        var (link, a, _, stream) = OpenChannel();
        Assert.True(a.TrySend(stream, true, "ping: 1"u8, link.Now));
        Assert.True(a.TrySend(stream, false, [1, 2, 3], link.Now));
        Assert.True(a.TrySend(stream, true, [], link.Now));
        Assert.True(a.TrySend(stream, false, [], link.Now));
        link.RunFor(Second);

        Assert.Equal(
            [(true, "ping: 1"), (false, "\u0001\u0002\u0003"), (true, ""), (false, "")],
            link.All<DataChannelEvent.Message>(1).Select(m => (m.IsText, Encoding.UTF8.GetString(m.Data))));
    }

    [Fact]
    public void The_acceptor_may_send_at_once_and_its_data_opens_the_channel_without_the_ack()
    {
        var (link, a, b) = SctpLink.Channels();
        bool lost = false; // the first packet with DATA from b, which has its DCEP ACK
        link.Drops = (from, packet) => from == 1 && Packets.Has(packet, ChunkType.Data) && !lost && (lost = true);
        a.Connect(link.Now);
        a.Open("x", "", new(Unordered: true), link.Now);
        link.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Empty(link.All<DataChannelEvent.Opened>(0));

        Assert.True(b.TrySend(0, true, "hi"u8, link.Now));
        link.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Single(link.All<DataChannelEvent.Opened>(0));
        Assert.NotEmpty(link.All<DataChannelEvent.Message>(0));
        link.RunFor(5 * Second);
        Assert.Single(link.All<DataChannelEvent.Opened>(0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Closing_on_either_side_closes_both_and_the_number_can_be_used_again(int closer)
    {
        var (link, a, b, stream) = OpenChannel();
        for (int round = 0; round < 3; round++)
        {
            Assert.True(a.TrySend(stream, true, "last words"u8, link.Now));
            (closer == 0 ? a : b).Close(stream, link.Now);
            Assert.False((closer == 0 ? a : b).TrySend(stream, true, "too late"u8, link.Now));
            link.RunFor(Second);
            Assert.Equal(round + 1, link.All<DataChannelEvent.Closed>(0).Count());
            Assert.Equal(round + 1, link.All<DataChannelEvent.Closed>(1).Count());

            Assert.Equal(stream, a.Open($"again {round}", "", default, link.Now));
            link.RunFor(Second);
            Assert.Equal(round + 2, link.All<DataChannelEvent.Opened>(1).Count());
        }

        if (closer == 0) Assert.Equal(3, link.All<DataChannelEvent.Message>(1).Count()); // said before close, so delivered
    }

    [Fact]
    public void Both_sides_close_and_open_channels_over_a_lossy_link()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            var (link, a, b) = SctpLink.Channels(new SctpLink(seed) { Loss = 0.25, Jitter = TimeSpan.FromMilliseconds(30), Duplication = 0.1 }, seed: seed);
            a.Connect(link.Now);
            b.Connect(link.Now);
            for (int round = 1; round <= 5; round++)
            {
                ushort mine = a.Open("a", "", default, link.Now), theirs = b.Open("b", "", default, link.Now);
                Assert.True(link.RunUntil(() => Opened(0, round) && Opened(1, round), TimeSpan.FromMinutes(2)), $"seed {seed} round {round}");
                Assert.True(a.TrySend(mine, true, "bye"u8, link.Now));
                a.Close(mine, link.Now);
                a.Close(theirs, link.Now);
                b.Close(theirs, link.Now);
                Assert.True(link.RunUntil(() => Closed(0, round) && Closed(1, round), TimeSpan.FromMinutes(2)), $"seed {seed} round {round}");
                Assert.Equal(round, link.All<DataChannelEvent.Message>(1).Count());
                link.RunFor(TimeSpan.FromSeconds(5)); // until both answers to both resets are through
            }

            bool Opened(int end, int round) => link.All<DataChannelEvent.Opened>(end).Count() == 2 * round;
            bool Closed(int end, int round) => link.All<DataChannelEvent.Closed>(end).Count() == 2 * round;
        }
    }

    [Fact]
    public void Messages_beyond_the_peers_limit_are_refused_and_at_the_limit_are_not()
    {
        var (link, a, _, stream) = OpenChannel();
        Assert.False(a.TrySend(stream, true, new byte[65_537], link.Now));
        Assert.True(a.TrySend(stream, true, new byte[65_536], link.Now));
        link.RunFor(2 * Second);
        Assert.Equal(65_536, link.All<DataChannelEvent.Message>(1).Single().Data.Length);
        Assert.Equal(MessageRefusal.TooLarge, link.All<Observation.DataChannelMessageRefused>(0).Single().Reason);
    }

    [Fact]
    public void A_peer_that_sends_more_than_we_announced_is_aborted()
    {
        var (link, a, _, stream) = OpenChannel(new SctpOptions { MaxMessageSize = 20_000 });
        Assert.True(a.TrySend(stream, true, new byte[20_000], link.Now));
        link.RunFor(Second);
        Assert.Single(link.All<DataChannelEvent.Message>(1));
        Assert.True(a.TrySend(stream, true, new byte[20_001], link.Now));
        link.RunFor(Second);
        Assert.Equal(SctpFailure.MessageTooLarge, link.All<DataChannelEvent.Failed>(1).Single().Reason);
        Assert.Equal(SctpFailure.AbortedByPeer, link.All<DataChannelEvent.Failed>(0).Single().Reason);
    }

    [Fact]
    public void Abort_tells_the_peer_why_and_both_are_silent()
    {
        var (link, a, b, stream) = OpenChannel();
        a.Abort("Close called", link.Now);
        link.RunFor(Second);

        Assert.Equal(new DataChannelEvent.Failed(SctpFailure.AbortedByPeer, "Close called"), link.All<DataChannelEvent.Failed>(1).Single());
        Assert.Empty(link.All<DataChannelEvent.Failed>(0));
        Assert.True(a.IsEnded && b.IsEnded);
        Assert.False(b.TrySend(stream, true, "hello?"u8, link.Now));
        int sent = link.Wire.Count;
        link.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(sent, link.Wire.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    public void Shutdown_delivers_what_is_queued_and_ends_both(double loss)
    {
        var (link, a, _, stream) = OpenChannel();
        link.Loss = loss;
        for (int i = 0; i < 50; i++) a.TrySend(stream, false, new byte[5000], link.Now);
        a.Shutdown(link.Now);
        Assert.False(a.TrySend(stream, false, [1], link.Now));
        Assert.True(link.RunUntil(() => link.All<DataChannelEvent.Ended>(0).Any(), TimeSpan.FromMinutes(3)));
        Assert.Equal(50, link.All<DataChannelEvent.Message>(1).Count());
        if (loss == 0) link.RunFor(Second);
        if (loss == 0) Assert.Single(link.All<DataChannelEvent.Ended>(1));
    }

    [Fact]
    public void Both_sides_shut_down_at_once()
    {
        var (link, a, b, _) = OpenChannel();
        a.Shutdown(link.Now);
        b.Shutdown(link.Now);
        link.RunFor(Second);
        Assert.Single(link.All<DataChannelEvent.Ended>(0));
        Assert.Single(link.All<DataChannelEvent.Ended>(1));
    }

    [Fact]
    public void Channels_are_bounded_in_number_from_both_sides()
    {
        var (link, a, _, _) = OpenChannel(new SctpOptions { MaxStreams = 4 }, new SctpOptions { MaxStreams = 100 });
        for (int i = 0; i < 9; i++) a.Open($"{i}", "", default, link.Now);
        link.RunFor(2 * Second);
        Assert.Equal(4, link.All<DataChannelEvent.Opened>(1).Count());
        Assert.Equal(6, link.All<Observation.DataChannelMessageRefused>(1).Count(r => r.Reason is MessageRefusal.TooManyChannels));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("03", false)]
    [InlineData("030000000000000000050000", false)] // label longer than the message
    [InlineData("0300000000000000000000", false)]
    [InlineData("040000000000000000000000", false)]
    [InlineData("030000000000000000000000", true)]
    [InlineData("038200000000006400010001ff41", true)] // a label that is not UTF-8
    public void Dcep_open_is_read_with_care(string message, bool reads)
        => Assert.Equal(reads, DcepMessage.TryReadOpen(Convert.FromHexString(message), out _, out _, out _));

    [Fact]
    public void Dcep_open_round_trips_every_reliability()
    {
        foreach (bool unordered in (bool[])[false, true])
            foreach (var reliability in (ChannelReliability[])[new(unordered), new(unordered, MaxRetransmits: 3), new(unordered, Lifetime: TimeSpan.FromMilliseconds(250))])
            {
                Assert.True(DcepMessage.TryReadOpen(DcepMessage.Open("l", "p", reliability), out string label, out string protocol, out var read));
                Assert.Equal(("l", "p", reliability), (label, protocol, read));
            }
    }

    private static (SctpLink Link, DataChannels A, DataChannels B, ushort Stream) OpenChannel(SctpOptions? bs = null, SctpOptions? @as = null)
    {
        var link = new SctpLink();
        var a = new DataChannels(true, @as ?? new(), new SeededRandom(1), link.Now);
        var b = new DataChannels(false, bs ?? new(), new SeededRandom(2), link.Now);
        link.Attach(SctpEnd.Of(a), SctpEnd.Of(b));
        a.Connect(link.Now);
        ushort stream = a.Open("chat", "", default, link.Now);
        link.RunFor(Second);
        Assert.Single(link.All<DataChannelEvent.Opened>(0));
        return (link, a, b, stream);
    }
}
