using System.Text;
using CsCheck;
using Thaw.Protocol;
using Thaw.Voice.Audio;
using Xunit;

namespace Thaw.Tests.Audio;

public sealed class JitterBufferTests
{
    private static readonly Instant Start = new(TimeSpan.TicksPerDay);

    // Each letter is what one 20 ms period plays: a packet's own, '.' silence, '_' concealed, '+' concealed by the next.
    [Fact]
    public void Packets_in_time_play_in_order_after_40_ms()
        => Assert.Equal("..abcdefgh", Play("a0 b20 c40 d60 e80 f100 g120 h140", periods: 10));

    [Fact]
    public void Reordered_packets_play_in_order()
        => Assert.Equal("..abcdefgh", Play("a0 b20 d40 c61 e80 g100 f121 h140", periods: 10));

    [Fact]
    public void A_lost_packet_is_concealed_with_the_help_of_the_next()
        => Assert.Equal("..ab+defgh", Play("a0 b20 d60 e80 f100 g120 h140", periods: 10));

    [Fact]
    public void Two_lost_packets_are_concealed_and_the_second_has_help()
        => Assert.Equal("..ab_+efgh", Play("a0 b20 e80 f100 g120 h140", periods: 10));

    [Fact]
    public void A_packet_behind_its_time_is_dropped_when_a_later_one_is_here()
        => Assert.Equal("..ab+defgh", Play("a0 b20 d60 e80 c95 f100 g120 h140", periods: 10));

    [Fact]
    public void The_same_packet_twice_plays_once()
        => Assert.Equal("..abcd____", Play("a0 b20 b21 c40 c70 d80 a90", periods: 10));

    [Fact]
    public void A_slower_network_sets_the_clock_back_instead_of_losing_everything()
        => Assert.Equal("..ab___cdefgh", Play("a0 b20 c140 d160 e180 f200 g220 h240", periods: 13));

    [Fact]
    public void After_a_stall_everything_is_played_and_the_delay_is_worked_off()
    {
        var buffer = new JitterBuffer(8000);
        List<(int Number, int Delay)> played = [];
        int sent = 0;
        for (int now = 0; now < 8000; now += 20)
        {
            bool stalled = now is >= 2000 and < 2300; // 15 packets then come in one heap
            for (; !stalled && 20 * sent <= now; sent++)
                buffer.TryInsert(new(1, 0, (ushort)sent, (uint)sent * 160, false), BitConverter.GetBytes(sent), 160, At(now));

            var next = buffer.Take(At(now));
            if (next.Kind is PlayoutKind.Packet) played.Add((BitConverter.ToInt32(next.Payload), now - 20 * BitConverter.ToInt32(next.Payload)));
        }

        Assert.Equal(40, played[0].Delay);
        Assert.InRange(played.Max(p => p.Delay), 200, 320);
        Assert.InRange(played[^1].Delay, 20, 100);
        Assert.InRange(buffer.SkippedCount, 5, 15);
        Assert.Equal(played[^1].Number + 1 - (int)buffer.SkippedCount, played.Count);
    }

    [Fact]
    public void Silence_suppression_is_silence_and_not_loss()
    {
        var buffer = new JitterBuffer(8000);
        Insert(buffer, 0, 0, 'a', 0);
        Insert(buffer, 1, 160, 'b', 20);
        Insert(buffer, 2, 160 * 5, 'c', 40); // the next in number, 60 ms later in time

        Assert.Equal("ab...c", Drain(buffer, 6, from: 40));
        Assert.Equal(0, buffer.ConcealedCount);
    }

    [Fact]
    public void After_a_long_silence_it_fills_again_before_playing()
    {
        var buffer = new JitterBuffer(8000);
        Insert(buffer, 0, 0, 'a', 0);
        Drain(buffer, 80, from: 0);
        Insert(buffer, 1, 100 * 160, 'b', 2000);
        Insert(buffer, 2, 101 * 160, 'c', 2020);

        Assert.Equal("..bc", Drain(buffer, 4, from: 2000));
    }

    [Fact]
    public void A_new_source_starts_over()
    {
        var buffer = new JitterBuffer(8000);
        Insert(buffer, 5000, 77777, 'a', 0);
        Drain(buffer, 5, from: 0);

        Insert(buffer, 9, 3, 'x', 100, ssrc: 2);
        Assert.Equal("..x", Drain(buffer, 3, from: 100));
    }

    [Fact]
    public void Sequence_numbers_and_timestamps_may_wrap()
    {
        var buffer = new JitterBuffer(8000);
        for (int i = 0; i < 8; i++)
            Assert.True(Insert(buffer, (ushort)(65533 + i), unchecked((uint)(-400 + 160 * i)), (char)('a' + i), 20 * i));

        Assert.Equal("abcdefgh", Drain(buffer, 8, from: 160));
    }

    [Fact]
    public void Nobody_listening_keeps_it_bounded_and_recent()
    {
        var buffer = new JitterBuffer(8000);
        for (int i = 0; i < 1000; i++) Insert(buffer, (ushort)i, (uint)i * 160, (char)('a' + i % 26), 20 * i);

        Assert.Equal(1000 - 32, buffer.SkippedCount);
    }

    // Whatever the network does: no exception, every packet at most once, in order, and no run without end.
    [Fact]
    public void Any_arrival_order_plays_each_packet_at_most_once_and_in_order()
        => Gen.Int[0, 300].Array[1, 80].Sample(delays =>
        {
            var buffer = new JitterBuffer(8000);
            var arrivals = delays.Select((delay, i) => (At: 20 * i + delay, Number: i)).OrderBy(a => a.At).ToQueue();
            int last = -1;
            for (int now = 0; now < 20 * delays.Length + 1500; now += 20)
            {
                while (arrivals.TryPeek(out var next) && next.At <= now)
                {
                    arrivals.Dequeue();
                    buffer.TryInsert(
                        new(1, 0, (ushort)next.Number, (uint)next.Number * 160, false), [(byte)next.Number], 160, At(next.At));
                }

                var played = buffer.Take(At(now));
                if (played.Kind is not PlayoutKind.Packet) continue;
                if (played.Payload[0] <= last) return false;
                last = played.Payload[0];
            }

            return last >= 0;
        }, iter: 300);

    [Fact]
    public void A_packet_costs_no_allocation()
    {
        var buffer = new JitterBuffer(8000);
        byte[] payload = new byte[160];
        Run(0, 10);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(10, 400);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                buffer.TryInsert(new(1, 0, (ushort)i, (uint)i * 160, false), payload, 160, At(20 * i));
                buffer.Take(At(20 * i));
            }
        }
    }

    [Theory]
    [InlineData(1)] // 20 ms packets
    [InlineData(3)] // 60 ms packets
    public void The_playout_gives_even_frames_whatever_the_packets_length(int framesPerPacket)
    {
        using var playout = new AudioPlayout(new G711Decoder(G711Law.MuLaw, 48000));
        short[] frame = new short[playout.FrameLength];
        byte[] payload = new byte[160 * framesPerPacket];
        Array.Fill(payload, G711.EncodeMuLaw(5000));
        int heard = 0;

        for (int i = 0; i < 100; i++)
        {
            if (i % framesPerPacket == 0)
                playout.TryInsert(new(1, 0, (ushort)(i / framesPerPacket), (uint)i * 160, false), payload, At(20 * i));
            heard += playout.Read(frame, At(20 * i)) ? 1 : 0;
        }

        Assert.InRange(heard, 94, 100);
        Assert.InRange(frame[480], 4800, 5200);
        Assert.InRange(playout.Buffer.ConcealedCount, 0, 0);
    }

    private static Instant At(int milliseconds) => Start + TimeSpan.FromMilliseconds(milliseconds);

    private static bool Insert(JitterBuffer buffer, ushort sequence, uint timestamp, char letter, int at, uint ssrc = 1)
        => buffer.TryInsert(new(ssrc, 0, sequence, timestamp, false), [(byte)letter], 160, At(at));

    /// <param name="arrivals">Letters, whose place in the alphabet is the sequence number, and when they arrive.</param>
    private static string Play(string arrivals, int periods)
    {
        var buffer = new JitterBuffer(8000);
        Queue<(char Letter, int At)> queue = new(arrivals.Split(' ')
            .Select(a => (a[0], int.Parse(a[1..], System.Globalization.CultureInfo.InvariantCulture))).OrderBy(a => a.Item2));
        var played = new StringBuilder();
        for (int now = 0; now < 20 * periods; now += 20)
        {
            for (; queue.TryPeek(out var next) && next.At <= now; queue.Dequeue())
                Insert(buffer, (ushort)(next.Letter - 'a'), (uint)(next.Letter - 'a') * 160, next.Letter, next.At);
            played.Append(Letter(buffer.Take(At(now))));
        }

        return played.ToString();
    }

    private static string Drain(JitterBuffer buffer, int periods, int from)
    {
        var played = new StringBuilder();
        for (int i = 0; i < periods; i++) played.Append(Letter(buffer.Take(At(from + 20 * i))));
        return played.ToString();
    }

    private static char Letter(Playout played) => played.Kind switch
    {
        PlayoutKind.Packet => (char)played.Payload[0],
        PlayoutKind.Lost => played.Payload.IsEmpty ? '_' : '+',
        _ => '.',
    };
}

internal static class Queues
{
    public static Queue<T> ToQueue<T>(this IEnumerable<T> items) => new(items);
}
