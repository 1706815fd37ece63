using Thaw.Relay.Udp;
using Xunit;

namespace Thaw.Tests.Relay;

public sealed class AppetiteTests
{
    private Appetite _appetite;

    [Fact]
    public void A_socket_that_is_ready_now_and_then_is_asked_for_one()
    {
        for (int turn = 10; turn < 100; turn += 2) Assert.Equal(1, Receive(turn, waiting: 1));
    }

    [Fact]
    public void One_that_is_ready_turn_after_turn_is_asked_for_a_batch_as_long_as_there_is_one()
    {
        Assert.Equal([1, 64, 64, 64], Enumerable.Range(10, 4).Select(turn => Receive(turn, waiting: 200)));
    }

    [Fact]
    public void After_a_batch_in_vain_it_is_asked_for_one_for_a_while()
    {
        int[] asked = [.. Enumerable.Range(10, 20).Select(turn => Receive(turn, waiting: 1))];
        Assert.Equal(3, asked.Count(asks => asks == 64));
        Assert.Equal([1, 64, 1, 1, 1, 1, 1, 1, 1, 1, 64, 1], asked[..12]);
    }

    private int Receive(int turn, int waiting)
    {
        int asked = _appetite.Ask(turn, 64);
        _appetite.Got(Math.Min(asked, waiting));
        return asked;
    }
}
