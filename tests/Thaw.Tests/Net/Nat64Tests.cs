using System.Net;
using System.Net.Sockets;
using Thaw.Net.Addresses;
using Thaw.Protocol;
using Thaw.Tests.Ice;
using Thaw.Tests.Voice;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class Nat64Tests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30), LookUpDeadline = TimeSpan.FromSeconds(3);
    private static readonly TransportAddress Six = IceWorld.Address("2001:db8::5"), Four = IceWorld.Address("192.0.2.5"), Loopback = IceWorld.Address("127.0.0.1");

    private readonly SteppedTime _time = new();
    private readonly CancellationTokenSource _stop = new();
    private Func<Task<IPAddress[]>> _answer = () => Task.FromResult<IPAddress[]>([IPAddress.Parse("64:ff9b::c000:aa")]);
    private TransportAddress[] _addresses = [Six, Loopback];
    private int _asked;

    [Fact]
    public async Task The_prefix_is_asked_for_where_there_is_no_IPv4_and_only_there()
    {
        _addresses = [Six, Four];
        var nat64 = New();
        var following = nat64.FollowAsync(() => _addresses, _stop.Token);
        await _time.WaitBegunAsync(Period);
        Assert.Equal((0, null), (_asked, nat64.Prefix));

        _addresses = [Six, Loopback];
        await LaterAsync();
        Assert.Equal((1, 96), (_asked, nat64.Prefix?.Length));

        _addresses = [Six, Four];
        await LaterAsync();
        Assert.Null(nat64.Prefix);
        await StopAsync(following);
    }

    [Fact]
    public async Task What_was_known_stays_while_the_resolver_fails()
    {
        var nat64 = New();
        var following = nat64.FollowAsync(() => _addresses, _stop.Token);
        await _time.WaitBegunAsync(Period);
        _answer = () => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain));
        await LaterAsync();

        Assert.Equal(96, nat64.Prefix?.Length);
        await StopAsync(following);
    }

    [Fact]
    public async Task A_resolver_that_hangs_is_given_up_and_asked_again()
    {
        _answer = () => new TaskCompletionSource<IPAddress[]>().Task;
        var nat64 = New();
        var following = nat64.FollowAsync(() => _addresses, _stop.Token);
        await _time.WaitBegunAsync(LookUpDeadline);
        _time.Advance(LookUpDeadline);
        await _time.WaitBegunAsync(Period);

        Assert.Equal((1, null), (_asked, nat64.Prefix));
        await StopAsync(following);
    }

    [Theory]
    [InlineData(false, "127.0.0.1", "::1")]
    [InlineData(false, "2001:db8::5", "192.168.1.5")]
    [InlineData(true, "2001:db8::5", "127.0.0.1")]
    [InlineData(true, "2001:db8::5", "169.254.1.1")]
    public void It_is_needed_by_machines_with_IPv6_alone(bool needed, params string[] addresses)
        => Assert.Equal(needed, Nat64.IsNeeded(addresses.Select(a => IceWorld.Address(a))));

    public void Dispose() => _stop.Dispose();

    private Nat64 New() => new((_, _) => { _asked++; return _answer(); }, _time);

    private async Task LaterAsync()
    {
        _time.Advance(Period);
        await _time.WaitBegunAsync(Period);
    }

    private async Task StopAsync(Task following)
    {
        await _stop.CancelAsync();
        await following;
    }
}
