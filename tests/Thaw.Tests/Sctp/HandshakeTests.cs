using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Xunit;

namespace Thaw.Tests.Sctp;

public sealed class HandshakeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void One_side_connects_and_both_are_up_in_two_round_trips()
    {
        var (link, a, _) = SctpLink.Associations();
        a.Connect(link.Now);
        link.RunFor(Second);

        Assert.Equal(30, At<SctpEvent.Established>(link, 1));
        Assert.Equal(40, At<SctpEvent.Established>(link, 0));
        Assert.Equal(TimeSpan.FromMilliseconds(20), link.All<Observation.SctpAssociationUp>(0).Single().RoundTrip);
    }

    [Fact]
    public void Both_sides_connect_at_once_and_one_association_comes_of_it()
    {
        var (link, a, b) = SctpLink.Associations();
        a.Connect(link.Now);
        b.Connect(link.Now);
        link.RunFor(Second);

        Exchange(link, a, b);
        Assert.Single(link.All<SctpEvent.Established>(0));
        Assert.Single(link.All<SctpEvent.Established>(1));
        Assert.True(At<SctpEvent.Established>(link, 0) <= 40);
    }

    [Fact]
    public void Data_queued_before_the_handshake_travels_with_the_cookie_echo()
    {
        var (link, a, _) = SctpLink.Associations();
        a.Connect(link.Now);
        Assert.True(a.TrySend(0, 53, "early"u8, default, link.Now));
        link.RunFor(Second);

        Assert.Equal(30, At<SctpEvent.Message>(link, 1));
        Assert.Equal([ChunkType.CookieEcho, ChunkType.Data],
            Packets.Chunks(link.Wire.Where(w => w.From == 0).ElementAt(1).Packet).Select(c => c.Type));
        Assert.Equal(0, a.BufferedBytes);
    }

    [Fact]
    public void Early_data_survives_the_loss_of_the_cookie_echo()
    {
        var (link, a, _) = SctpLink.Associations();
        bool lost = false;
        link.Drops = (_, packet) => Packets.Has(packet, ChunkType.CookieEcho) && !lost && (lost = true);
        a.Connect(link.Now);
        for (int i = 0; i < 30; i++) Assert.True(a.TrySend(0, 53, new byte[1000], default, link.Now)); // more than a window
        link.RunFor(3 * Second);

        Assert.True(lost);
        Assert.Equal(30, link.All<SctpEvent.Message>(1).Count());
    }

    [Fact]
    public void A_lost_cookie_ack_is_inferred_from_data()
    {
        var (link, a, b) = SctpLink.Associations();
        link.Drops = (_, packet) => Packets.Has(packet, ChunkType.CookieAck) && Packets.Chunks(packet).Count == 1;
        a.Connect(link.Now);
        link.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Empty(link.All<SctpEvent.Established>(0));

        Assert.True(b.TrySend(0, 53, "hello"u8, default, link.Now));
        link.RunFor(TimeSpan.FromMilliseconds(100)); // before T1 repeats the COOKIE ECHO
        Assert.Single(link.All<SctpEvent.Established>(0));
        Assert.Single(link.All<SctpEvent.Message>(0));
    }

    [Fact]
    public void Init_is_repeated_with_doubling_timeouts_and_then_fails()
    {
        var (link, a, _) = SctpLink.Associations();
        link.Loss = 1;
        a.Connect(link.Now);
        link.RunFor(60 * Second);

        Assert.Equal([0, 500, .. Enumerable.Range(1, 11).Select(s => s * 1000 + 500.0)],
            link.Sent(0, ChunkType.Init).Select(s => (s.At - new Instant(0)).TotalMilliseconds));
        Assert.Equal(SctpFailure.HandshakeTimedOut, link.All<SctpEvent.Failed>(0).Single().Reason);
        Assert.Equal(12_500, At<SctpEvent.Failed>(link, 0));
    }

    [Fact]
    public void A_repeated_cookie_echo_gets_another_cookie_ack_and_disturbs_nothing()
    {
        var (link, a, b) = SctpLink.Established();
        byte[] echo = link.Wire.Single(w => Packets.Has(w.Packet, ChunkType.CookieEcho)).Packet;
        Exchange(link, a, b);
        link.Inject(1, echo);
        link.RunFor(Second);

        Assert.Equal(2, link.Sent(1, ChunkType.CookieAck).Count());
        Assert.Single(link.All<SctpEvent.Established>(1));
        Exchange(link, a, b);
    }

    [Fact]
    public void A_stale_cookie_is_answered_with_an_error_and_the_handshake_starts_over()
    {
        var (link, a, b) = SctpLink.Associations();
        link.Drops = (_, packet) => Packets.Has(packet, ChunkType.CookieEcho);
        a.Connect(link.Now);
        link.RunFor(Second);
        byte[] echo = link.Wire.First(w => Packets.Has(w.Packet, ChunkType.CookieEcho)).Packet;
        link.Drops = (_, _) => true;
        link.RunFor(TimeSpan.FromSeconds(10)); // not yet given up
        link.Drops = null;

        var old = new SctpAssociation(new(), new World.SeededRandom(1_000_001), new(0)); // b, but long after
        byte[] buffer = new byte[Output.BufferLength];
        byte[] init = link.Wire.First(w => w.From == 0).Packet;
        old.Receive(init, new(0));
        old.Poll(buffer, new(0));
        old.Receive(echo, new Instant(0) + TimeSpan.FromSeconds(61));
        byte[] error = [];
        for (var output = old.Poll(buffer, new(0)); output.Kind is not OutputKind.Idle; output = old.Poll(buffer, new(0)))
            if (output.Kind is OutputKind.Transmit) error = output.Payload.ToArray();
        Assert.Equal((ushort)ErrorCause.StaleCookie, Assert.Single(Packets.Chunks(error)).UInt16(0));

        link.Inject(0, error);
        Assert.Equal((int)ErrorCause.StaleCookie, link.All<Observation.SctpErrorReceived>(0).Single().Cause);
        link.RunFor(Second);
        Exchange(link, a, b);
    }

    [Fact]
    public void A_forged_cookie_is_refused()
    {
        var (link, a, b) = SctpLink.Associations();
        link.Drops = (_, packet) => Packets.Has(packet, ChunkType.CookieEcho);
        a.Connect(link.Now);
        link.RunFor(TimeSpan.FromMilliseconds(100));
        byte[] echo = link.Wire.First(w => Packets.Has(w.Packet, ChunkType.CookieEcho)).Packet;
        echo[30] ^= 1;
        Packets.FixChecksum(echo);
        link.Inject(1, echo);

        Assert.Equal(DropReason.BadIntegrity, link.All<Observation.DatagramDropped>(1).Single().Reason);
        Assert.Empty(link.All<SctpEvent.Established>(1));
        _ = b;
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(50, 1)]
    [InlineData(0, 2)]
    public void The_handshake_survives_loss_duplication_and_reordering(int firstSeed, int connecting)
    {
        for (int seed = firstSeed; seed < firstSeed + 50; seed++)
        {
            var faulty = new SctpLink(seed) { Loss = 0.3, Duplication = 0.2, Jitter = TimeSpan.FromMilliseconds(30) };
            var (link, a, b) = SctpLink.Associations(faulty, seed: seed);
            a.Connect(link.Now);
            if (connecting == 2) b.Connect(link.Now);
            Assert.True(link.RunUntil(() => link.All<SctpEvent.Established>(0).Any() && link.All<SctpEvent.Established>(1).Any(), TimeSpan.FromSeconds(28)), $"seed {seed}");
        }
    }

    [Fact]
    public void Unknown_init_parameters_that_ask_for_it_are_reported_back()
    {
        var (link, a, b) = SctpLink.Associations();
        byte[] fixedPart = [.. Packets.U32(77), .. Packets.U32(5000), 0, 9, 0, 9, .. Packets.U32(1)];
        byte[] unknown = [0xC9, 0x99, 0, 6, 1, 2, 0, 0];
        link.Inject(1, Packets.Make(0, new Packets.Chunk(ChunkType.Init, 0, [.. fixedPart, .. unknown])));

        byte[] ack = link.Sent(1, ChunkType.InitAck).Single().Chunk.Value;
        Assert.EndsWith("0008000ac999000601020000", Convert.ToHexStringLower(ack));
        _ = (a, b);
    }

    private static double At<T>(SctpLink link, int end) => (link.Seen[end].First(s => s.Value is T).At - new Instant(0)).TotalMilliseconds;

    private static void Exchange(SctpLink link, SctpAssociation a, SctpAssociation b)
    {
        int toA = link.All<SctpEvent.Message>(0).Count(), toB = link.All<SctpEvent.Message>(1).Count();
        Assert.True(a.TrySend(0, 53, "to b"u8, default, link.Now));
        Assert.True(b.TrySend(0, 53, "to a"u8, default, link.Now));
        link.RunFor(Second);
        Assert.Equal(toA + 1, link.All<SctpEvent.Message>(0).Count());
        Assert.Equal(toB + 1, link.All<SctpEvent.Message>(1).Count());
    }
}
