using Thaw.Protocol;
using Thaw.Protocol.Rtp;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Rtp;

public sealed class RtpSessionTests
{
    private const int ClockRate = 48000;
    private const byte PayloadType = 111;
    private static readonly Instant Start = new(TimeSpan.TicksPerHour);
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(30);

    [Fact]
    public void Two_sessions_report_to_each_other_and_know_the_round_trip()
    {
        var (alice, bob) = (Create(1), Create(2));

        Converse(alice, bob, TimeSpan.FromSeconds(20), lose: i => i % 10 == 9);

        var observed = Drain(alice);
        Assert.Contains(new Observation.FirstRtpSent(alice.Ssrc, PayloadType), observed);
        Assert.Contains(new Observation.FirstRtpReceived(bob.Ssrc, PayloadType), observed);
        var last = observed.OfType<Observation.RemoteReport>().Last();
        Assert.Equal(alice.Ssrc, last.Ssrc);
        Assert.InRange(last.FractionLost, 0.08, 0.12);
        Assert.Equal(TimeSpan.Zero, last.Jitter);
        Assert.InRange(last.RoundTrip!.Value, 2 * OneWay - TimeSpan.FromMilliseconds(0.1), 2 * OneWay + TimeSpan.FromMilliseconds(0.1));
    }

    [Fact]
    public void Reports_come_at_random_times_about_every_five_seconds()
    {
        var session = Create(3);
        byte[] buffer = new byte[500];
        List<TimeSpan> gaps = [];
        var previous = Start;

        for (int i = 0; i < 200; i++)
        {
            var due = session.WakeAt;
            gaps.Add(due - previous);
            Assert.False(session.TryWriteReport(buffer, new Instant(due.Ticks - 1), 0, out _));
            Assert.True(session.TryWriteReport(buffer, due, 0, out _));
            previous = due;
        }

        Assert.InRange(gaps[0].TotalSeconds, 1.02, 3.08); // half the interval at first
        Assert.All(gaps.Skip(1), gap => Assert.InRange(gap.TotalSeconds, 2.05, 6.16));
        Assert.InRange(gaps.Skip(1).Average(gap => gap.TotalSeconds), 3.8, 4.4); // 5 s / (e − 1.5)
    }

    [Fact]
    public void Who_has_not_sent_gives_a_receiver_report()
    {
        var session = Create(4);
        byte[] buffer = new byte[500];

        Assert.Equal(RtcpType.ReceiverReport, NextReport().Type);
        session.Write(buffer, "x"u8, 0, true, session.WakeAt);
        Assert.Equal(RtcpType.SenderReport, NextReport().Type);
        for (int i = 0; i < 6; i++) NextReport();
        Assert.Equal(RtcpType.ReceiverReport, NextReport().Type);

        RtcpPacket NextReport()
        {
            var now = session.WakeAt;
            Assert.True(session.TryWriteReport(buffer, now, NtpTime.From(now), out int length));
            Assert.Null(RtcpReader.TryRead(buffer.AsSpan(0, length), out var packets));
            packets.MoveNext();
            return packets.Current;
        }
    }

    [Fact]
    public void A_sender_report_extrapolates_the_media_clock_to_its_own_moment()
    {
        var sender = new RtpSender(new SeededRandom(5));
        byte[] buffer = new byte[100];
        sender.Write(buffer, PayloadType, "four"u8, 960, false, Start);
        RtpReader.TryRead(buffer.AsSpan(0, 16), out var rtp);

        var info = sender.Describe(Start + TimeSpan.FromSeconds(1), 42, ClockRate);

        Assert.Equal(new SenderInfo(42, rtp.Packet.Timestamp + ClockRate, 1, 4), info);
    }

    [Fact]
    public void The_first_sequence_number_leaves_room_before_the_roll_over()
    {
        byte[] buffer = new byte[100];
        for (int seed = 0; seed < 50; seed++)
        {
            new RtpSender(new SeededRandom(seed)).Write(buffer, PayloadType, "x"u8, 0, false, Start);
            Assert.True(buffer[2] < 0x80);
        }
    }

    [Fact]
    public void Nacks_are_ignored_and_observed_once()
    {
        var session = Create(6);
        byte[] nack = Convert.FromHexString("81CD0003000000010000000700640001");

        for (int i = 0; i < 3; i++) Assert.Null(session.TryReceiveRtcp(nack, Start));

        Assert.Equal([new Observation.NackIgnored(7)], Drain(session));
    }

    [Fact]
    public void The_seventeenth_source_is_refused_and_observed_once()
    {
        var session = Create(7);
        for (uint ssrc = 0; ssrc < RtpSession.MaxSources; ssrc++) Assert.Null(session.TryReceive(Packet(ssrc), Start, out _));
        Drain(session);

        Assert.Equal(DropReason.SrtpTooManySources, session.TryReceive(Packet(99), Start, out _));
        Assert.Equal(DropReason.SrtpTooManySources, session.TryReceive(Packet(98), Start, out _));
        Assert.Equal([new Observation.SsrcRefused(99)], Drain(session));

        Assert.Null(session.TryReceiveRtcp([0x81, 203, 0, 1, 0, 0, 0, 3], Start)); // BYE of 3 makes room
        Assert.Null(session.TryReceive(Packet(99), Start, out _));
    }

    [Fact]
    public void Another_payload_type_is_counted_but_not_handed_on()
        => Assert.Equal(DropReason.UnknownPayloadType, Create(8).TryReceive(Packet(1, payloadType: 13), Start, out _));

    [Fact]
    public void A_packet_costs_no_allocation_in_steady_state()
    {
        var (alice, bob) = (Create(9), Create(10));
        byte[] buffer = new byte[200];
        byte[] payload = new byte[80];
        Send(50);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Send(500);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Send(int packets)
        {
            for (uint i = 0; i < packets; i++)
            {
                int length = alice.Write(buffer, payload, i * 960, false, Start);
                if (bob.TryReceive(buffer.AsSpan(0, length), Start, out _) is not null) throw new InvalidOperationException();
            }
        }
    }

    private static RtpSession Create(int seed)
    {
        var session = new RtpSession(new SeededRandom(seed), Start);
        session.Use(PayloadType, ClockRate);
        return session;
    }

    private static byte[] Packet(uint ssrc, byte payloadType = PayloadType)
    {
        byte[] packet = new byte[20];
        RtpWriter.Write(packet, new(ssrc, payloadType, 1, 0, false), new byte[8]);
        return packet;
    }

    private static List<Observation> Drain(RtpSession session)
    {
        List<Observation> drained = [];
        while (session.TryTakeObservation(out var observation)) drained.Add(observation);
        return drained;
    }

    /// <summary>Both talk, 50 packets a second; every delivery takes <see cref="OneWay"/>.</summary>
    private static void Converse(RtpSession alice, RtpSession bob, TimeSpan duration, Func<int, bool> lose)
    {
        byte[] buffer = new byte[500];
        Queue<(Instant At, RtpSession To, byte[] Bytes)> wire = [];
        for (int i = 0; i < duration.TotalMilliseconds / 20; i++)
        {
            var now = Start + TimeSpan.FromMilliseconds(20 * i);
            while (wire.TryPeek(out var next) && next.At <= now) Deliver(wire.Dequeue());

            foreach (var (from, to) in ((RtpSession, RtpSession)[])[(alice, bob), (bob, alice)])
            {
                int length = from.Write(buffer, "payload"u8, (uint)i * 960, false, now);
                if (!lose(i)) wire.Enqueue((now + OneWay, to, buffer[..length]));
                if (from.TryWriteReport(buffer, now, NtpTime.From(now), out length)) wire.Enqueue((now + OneWay, to, buffer[..length]));
            }
        }

        static void Deliver((Instant At, RtpSession To, byte[] Bytes) due)
            => Assert.Null(RtpHeader.IsRtcp(due.Bytes) ? due.To.TryReceiveRtcp(due.Bytes, due.At) : due.To.TryReceive(due.Bytes, due.At, out _));
    }
}
