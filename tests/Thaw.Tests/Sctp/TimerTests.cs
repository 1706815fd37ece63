using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Xunit;

namespace Thaw.Tests.Sctp;

public sealed class TimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Unanswered_data_is_repeated_with_doubling_rto_until_the_peer_counts_as_unreachable()
    {
        var (link, a, _) = SctpLink.Established();
        link.Loss = 1;
        var began = link.Now;
        a.TrySend(0, 53, "anyone?"u8, default, link.Now);
        link.RunFor(TimeSpan.FromMinutes(3));

        // Round trip 20 ms: RTO.Min, then doubled up to RTO.Max (RFC 9260 §6.3.3).
        double[] sent = [.. link.Sent(0, ChunkType.Data).Select(s => (s.At - began).TotalMilliseconds)];
        Assert.Equal([0, 300, 900, 1900, 2900, 3900, 4900], sent[..7]);
        Assert.Equal(61, sent.Length); // Association.Max.Retrans = 60
        Assert.Equal(SctpFailure.PeerUnreachable, link.All<SctpEvent.Failed>(0).Single().Reason);
        Assert.Equal(59_900, (link.Seen[0].Single(s => s.Value is SctpEvent.Failed).At - began).TotalMilliseconds);
        Assert.False(a.TrySend(0, 53, "anyone?"u8, default, link.Now));
    }

    [Fact]
    public void Three_missing_reports_bring_the_chunk_back_before_the_timer()
    {
        var (link, a, _) = SctpLink.Established();
        bool lost = false;
        link.Drops = (from, packet) => from == 0 && Packets.Has(packet, ChunkType.Data) && !lost && (lost = true);
        var began = link.Now;
        for (int i = 0; i < 6; i++) a.TrySend(0, 53, new byte[1000], default, link.Now);
        link.RunFor(Second);

        Assert.Equal(SctpRetransmission.Fast, link.All<Observation.SctpChunksRetransmitted>(0).Single().Cause);
        Assert.Equal(6, link.All<SctpEvent.Message>(1).Count());
        Assert.Equal(30, (link.Seen[1].Last(s => s.Value is SctpEvent.Message).At - began).TotalMilliseconds);
    }

    [Fact]
    public void A_tail_loss_waits_for_the_timer()
    {
        var (link, a, _) = SctpLink.Established();
        bool lost = false;
        link.Drops = (from, packet) => from == 0 && Packets.Has(packet, ChunkType.Data) && !lost && (lost = true);
        a.TrySend(0, 53, new byte[10], default, link.Now);
        link.RunFor(Second);

        Assert.Equal(SctpRetransmission.Timeout, link.All<Observation.SctpChunksRetransmitted>(0).Single().Cause);
        var again = link.Sent(0, ChunkType.Data).Last();
        Assert.NotEqual(0, again.Chunk.Flags & (byte)DataFlags.Immediate);
        Assert.Equal(20, (link.Sent(1, ChunkType.Sack).Single().At - again.At).TotalMilliseconds - -10); // answered on arrival
    }

    [Fact]
    public void An_acknowledged_retransmission_ends_the_doubling()
    {
        var (link, a, _) = SctpLink.Established();
        link.Loss = 1;
        a.TrySend(0, 53, "1"u8, default, link.Now);
        link.RunFor(TimeSpan.FromSeconds(4)); // sent at 0, 300, 900, 1900 and 2900 ms
        link.Loss = 0;
        link.RunFor(Second);
        Assert.Single(link.All<SctpEvent.Message>(1));

        link.Loss = 1;
        a.TrySend(0, 53, "2"u8, default, link.Now);
        var began = link.Now;
        link.RunFor(Second);
        Assert.Equal([0, 300, 900], link.Sent(0, ChunkType.Data).Where(s => s.At >= began).Select(s => (s.At - began).TotalMilliseconds));
    }

    [Fact]
    public void An_idle_association_beats_every_30_seconds()
    {
        var (link, _, _) = SctpLink.Established();
        link.RunFor(TimeSpan.FromSeconds(95));
        Assert.Equal(3, link.Sent(0, ChunkType.Heartbeat).Count());
        Assert.Equal(3, link.Sent(1, ChunkType.HeartbeatAck).Count());
        Assert.Empty(link.All<Observation.SctpHeartbeatLost>(0));
    }

    [Fact]
    public void A_peer_that_vanishes_in_silence_is_noticed_by_heartbeats()
    {
        var (link, _, _) = SctpLink.Established();
        link.Loss = 1;
        link.RunFor(TimeSpan.FromMinutes(2));

        Assert.Equal(SctpFailure.PeerUnreachable, link.All<SctpEvent.Failed>(0).Single().Reason);
        Assert.Equal(61, link.All<Observation.SctpHeartbeatLost>(0).Last().Consecutive);
        Assert.InRange((link.Seen[0].Last().At - new Instant(0)).TotalSeconds, 80, 100);
        int sent = link.Wire.Count;
        link.RunFor(TimeSpan.FromMinutes(10));
        Assert.Equal(sent, link.Wire.Count);
    }

    [Fact]
    public void A_new_path_is_used_at_once_however_long_the_old_one_was_dead()
    {
        var (link, a, _) = SctpLink.Established();
        link.Loss = 1;
        a.TrySend(0, 53, "late"u8, default, link.Now);
        link.RunFor(TimeSpan.FromSeconds(10));
        link.Loss = 0;
        a.PathChanged(link.Now);
        link.RunFor(TimeSpan.FromMilliseconds(20));
        Assert.Single(link.All<SctpEvent.Message>(1));
    }

    [Fact]
    public void Rto_follows_the_round_trips_and_leaves_room_for_a_delayed_ack()
    {
        var rto = new RetransmissionTimeout(new SctpOptions());
        Assert.Equal(500, rto.Current.TotalMilliseconds);
        rto.Measure(TimeSpan.FromMilliseconds(200));
        Assert.Equal(200 + 4 * 100, rto.Current.TotalMilliseconds); // §6.3.1 C2
        for (int i = 0; i < 100; i++) rto.Measure(TimeSpan.FromMilliseconds(200));
        Assert.Equal(450, rto.Current.TotalMilliseconds, 1.0);
        rto.BackOff();
        Assert.Equal(900, rto.Current.TotalMilliseconds, 2.0);
        for (int i = 0; i < 10; i++) rto.BackOff();
        Assert.Equal(1000, rto.Current.TotalMilliseconds);
    }

    [Fact]
    public void The_congestion_window_halves_on_fast_retransmit_and_collapses_on_timeout()
    {
        var window = new CongestionWindow(1000);
        Assert.Equal(10_000, window.Bytes);
        window.Grow(5000);
        Assert.Equal(11_000, window.Bytes);
        for (int i = 0; i < 9; i++) window.Grow(1000);
        window.OnFastRetransmit();
        Assert.Equal(10_000, window.Bytes);
        window.OnTimeout();
        Assert.Equal(1000, window.Bytes);
        for (int i = 0; i < 5; i++) window.Grow(1000); // slow start to the threshold of 5,000 and one over
        Assert.Equal(6000, window.Bytes);
        window.Grow(1000);
        Assert.Equal(6000, window.Bytes); // congestion avoidance: a unit per window
        for (int i = 0; i < 5; i++) window.Grow(1000);
        Assert.Equal(7000, window.Bytes);
    }
}
