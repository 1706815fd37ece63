using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests;

public sealed class InstantTests
{
    private static readonly Instant Start = new(0);

    private enum T { Ta, Refresh }

    [Fact]
    public void Never_stays_never_whatever_is_added()
        => Assert.Equal(Instant.Never, Instant.Never + TimeSpan.FromDays(1));

    [Fact]
    public void A_timer_fires_once_and_the_earliest_is_next()
    {
        var timers = new Timers<T>();
        timers.Set(T.Refresh, Start + TimeSpan.FromSeconds(2));
        timers.Set(T.Ta, Start + TimeSpan.FromSeconds(1));

        Assert.Equal(Start + TimeSpan.FromSeconds(1), timers.Next);
        Assert.True(timers.TryTake(T.Ta, Start + TimeSpan.FromSeconds(1)));
        Assert.False(timers.TryTake(T.Ta, Start + TimeSpan.FromSeconds(9)));
        Assert.Equal(Start + TimeSpan.FromSeconds(2), timers.Next);
    }
}
