using System.Diagnostics;
using Thaw.Relay.Udp;
using Xunit;

namespace Thaw.Tests.Relay;

public sealed class LingerTests
{
    private static readonly TimeSpan Most = TimeSpan.FromMicroseconds(100);

    [Theory]
    [InlineData(2_000, 0)]     // each alone: a sleep would only wake the loop once more
    [InlineData(20_000, 0)]
    [InlineData(30_000, 100)]
    [InlineData(40_000, 100)]
    [InlineData(80_000, 50)]   // four packets
    [InlineData(200_000, 0)]   // they come together by themselves
    public void It_sleeps_as_long_as_it_takes_a_few_packets_to_come(int perSecond, int microseconds)
        => Assert.Equal(microseconds, After(Most, perSecond, packetsARun: 1), 0.5);

    [Fact]
    public void Bursts_never_wait() => Assert.Equal(0, After(Most, 40_000, packetsARun: 8));

    [Fact]
    public void Nor_does_anything_where_it_is_switched_off() => Assert.Equal(0, After(TimeSpan.Zero, 40_000, packetsARun: 1));

    [Fact]
    public void A_longer_wait_begins_at_a_lower_rate() => Assert.Equal(400, After(TimeSpan.FromMicroseconds(400), 10_000, packetsARun: 1), 0.5);

    [Fact]
    public void It_ends_when_the_packets_do()
    {
        var linger = new Linger(Most) { Arrived = 4_000, Sent = 4_000, Runs = 4_000 };
        linger.Turn(Stopwatch.Frequency / 10);
        Assert.NotEqual(TimeSpan.Zero, linger.Time);
        linger.Turn(Stopwatch.Frequency / 10 * 2);
        Assert.Equal(TimeSpan.Zero, linger.Time);
    }

    private static double After(TimeSpan most, int perSecond, int packetsARun)
    {
        int arrived = perSecond / 10;
        var linger = new Linger(most) { Arrived = arrived, Sent = arrived, Runs = arrived / packetsARun };
        linger.Turn(Stopwatch.Frequency / 10);
        return linger.Time.TotalMicroseconds;
    }
}
