using Thaw.Protocol;
using Thaw.Protocol.Rtp;
using Xunit;

namespace Thaw.Tests.Rtp;

public sealed class RtpReceiverTests
{
    private const int ClockRate = 8000;
    private static readonly Instant Start = new(TimeSpan.TicksPerDay);

    [Fact]
    public void Loss_is_counted_in_total_and_since_the_last_report()
    {
        var receiver = Hears(0, 1, 2, 3, 5, 6, 7, 9); // 4 and 8 are lost
        var first = receiver.Report(Start);
        Assert.Equal((2, (byte)(2 * 256 / 10), 9u), (first.CumulativeLost, first.FractionLost, first.ExtendedHighestSequence));

        Note(receiver, 10, 11, 12, 13);
        Assert.Equal((2, (byte)0), (receiver.Report(Start).CumulativeLost, receiver.Report(Start).FractionLost));
    }

    [Fact]
    public void Late_and_double_packets_lower_the_loss()
    {
        var receiver = Hears(0, 1, 4, 2, 3);
        Assert.Equal(0, receiver.CumulativeLost);

        Note(receiver, 3);
        Assert.Equal(-1, receiver.CumulativeLost);
        Assert.Equal(0, receiver.Report(Start).FractionLost);
    }

    [Fact]
    public void The_highest_sequence_number_is_extended_over_the_wrap()
    {
        var receiver = Hears(65534, 65535, 0, 1, 65533);

        Assert.Equal(0x1_0001u, receiver.ExtendedHighestSequence);
        Assert.Equal(0, receiver.CumulativeLost - (-1)); // 65533 came before the first that was counted
    }

    [Fact]
    public void A_jump_is_believed_when_the_next_packet_confirms_it()
    {
        var receiver = Hears(0, 1, 2);
        Note(receiver, 30000);
        Assert.Equal(2u, receiver.ExtendedHighestSequence);

        Note(receiver, 30001);
        Assert.Equal(30001u, receiver.ExtendedHighestSequence);
        Assert.Equal(0, receiver.CumulativeLost);
    }

    [Fact]
    public void Evenly_spaced_packets_have_no_jitter()
    {
        var receiver = new RtpReceiver(Packet(0));
        for (ushort i = 0; i < 100; i++) receiver.Note(Packet(i), Start + TimeSpan.FromMilliseconds(20 * i), ClockRate);

        Assert.Equal(0u, receiver.Jitter);
    }

    // Alternately 10 ms early and late: |D| is always 20 ms = 160 units, where J must converge (RFC 3550 A.8).
    [Fact]
    public void Jitter_converges_to_the_mean_deviation()
    {
        var receiver = new RtpReceiver(Packet(0));
        for (ushort i = 0; i < 200; i++)
            receiver.Note(Packet(i), Start + TimeSpan.FromMilliseconds(20 * i + (i % 2 == 0 ? 10 : -10)), ClockRate);

        Assert.InRange(receiver.Jitter, 150u, 161u);
    }

    [Fact]
    public void The_last_sender_report_is_quoted_with_its_age()
    {
        var receiver = Hears(0);
        Assert.Equal((0u, 0u), (receiver.Report(Start).LastReport, receiver.Report(Start).DelaySinceLastReport));

        receiver.Note(new SenderInfo(0x1111_2222_3333_4444, 0, 0, 0), Start);
        var report = receiver.Report(Start + TimeSpan.FromSeconds(1.5));
        Assert.Equal((0x2222_3333u, 98304u), (report.LastReport, report.DelaySinceLastReport));
    }

    private static RtpReceiver Hears(params int[] sequence)
    {
        var receiver = new RtpReceiver(Packet((ushort)sequence[0]));
        Note(receiver, sequence);
        return receiver;
    }

    private static void Note(RtpReceiver receiver, params int[] sequence)
    {
        foreach (int number in sequence) receiver.Note(Packet((ushort)number), Start, ClockRate);
    }

    private static MediaPacket Packet(ushort sequence) => new(7, 0, sequence, sequence * 160u, false);
}
