using CsCheck;
using Thaw.Net.Loop;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class WakeHeapTests
{
    private readonly RouteTable _table = new();

    [Fact]
    public void Whatever_is_set_moved_and_removed_sessions_wake_in_order_and_only_when_due()
        => Gen.Select(Gen.Int[0, 15], Gen.Long[0, 100]).Array[0, 200].Sample(changes =>
        {
            var heap = new WakeHeap();
            Session[] sessions = [.. Enumerable.Range(0, 16).Select(_ => NewSession())];
            var expected = new Dictionary<Session, long>();
            foreach (var (who, at) in changes)
            {
                // A tenth of the changes unset.
                heap.Set(sessions[who], at < 10 ? Instant.Never : new Instant(at));
                if (at < 10) expected.Remove(sessions[who]);
                else expected[sessions[who]] = at;
            }

            Assert.Equal(expected.Count, heap.Count);
            Assert.Equal(expected.Count > 0 ? new Instant(expected.Values.Min()) : Instant.Never, heap.Next);

            long last = 0;
            while (heap.TryTakeDue(new Instant(50), out var session))
            {
                Assert.True(expected.Remove(session, out long at));
                Assert.InRange(at, last, 50);
                last = at;
            }
            Assert.All(expected.Values, at => Assert.True(at > 50));
        });

    [Fact]
    public void A_session_has_one_deadline_and_setting_it_again_moves_it()
    {
        var heap = new WakeHeap();
        var session = NewSession();
        heap.Set(session, new Instant(10));
        heap.Set(session, new Instant(20));

        Assert.False(heap.TryTakeDue(new Instant(10), out _));
        Assert.True(heap.TryTakeDue(new Instant(20), out var due) && due == session);
        Assert.False(heap.TryTakeDue(new Instant(99), out _));
    }

    private Session NewSession() => new(null!, null!, null!, _table, 16);
}
