using System.Net;
using System.Net.Sockets;
using Thaw.Net.Addresses;
using Thaw.Tests.Voice;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class PublicNamesTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30), LookUpDeadline = TimeSpan.FromSeconds(3);
    private readonly SteppedTime _time = new();
    private readonly CancellationTokenSource _stop = new();
    private Func<Task<IPAddress[]>> _answer = () => Task.FromResult<IPAddress[]>([]);
    private int _changes;

    [Fact]
    public void Addresses_need_no_look_up()
    {
        var names = Names("203.0.113.7/10.0.0.5", "2001:db8::7");

        Assert.True(names.Settled.IsCompleted);
        Assert.Equal([new(IPAddress.Parse("203.0.113.7"), IPAddress.Parse("10.0.0.5")), new(IPAddress.Parse("2001:db8::7"))], names.Addresses);
        Assert.Empty(names.Unknown);
    }

    [Fact]
    public async Task A_name_is_found_and_followed_as_it_moves()
    {
        var names = Names("203.0.113.1", "voice.example.org:40000");
        Answer("203.0.113.7", "2001:db8::7", "224.0.0.1");
        var following = names.FollowAsync(() => _changes++, _stop.Token);
        await _time.WaitBegunAsync(Period);
        Assert.Equal(["203.0.113.1", "203.0.113.7", "2001:db8::7"], names.Addresses.Select(a => a.Address.ToString()));
        Assert.Equal([null, (ushort?)40_000, (ushort?)40_000], names.Addresses.Select(a => a.Port));

        Answer("2001:db8::7", "203.0.113.7"); // a round robin is no change
        await LaterAsync();
        Assert.Equal(1, _changes);

        Answer("203.0.113.8");
        await LaterAsync();
        Assert.Equal(["203.0.113.1", "203.0.113.8"], names.Addresses.Select(a => a.Address.ToString()));
        Assert.Equal(2, _changes);
        await StopAsync(following);
    }

    [Fact]
    public async Task A_name_that_is_not_found_any_more_keeps_its_addresses()
    {
        var names = Names("voice.example.org");
        Answer("203.0.113.7");
        var following = names.FollowAsync(() => _changes++, _stop.Token);
        await _time.WaitBegunAsync(Period);

        _answer = () => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
        await LaterAsync();
        Answer();
        await LaterAsync();

        Assert.Equal("203.0.113.7", Assert.Single(names.Addresses).Address.ToString());
        Assert.Equal(1, _changes);
        await StopAsync(following);
    }

    [Fact]
    public async Task A_look_up_that_hangs_holds_nothing_up_for_more_than_three_seconds()
    {
        var names = Names("voice.example.org");
        _answer = () => new TaskCompletionSource<IPAddress[]>().Task;
        var following = names.FollowAsync(() => _changes++, _stop.Token);
        await _time.WaitBegunAsync(LookUpDeadline);
        Assert.False(names.Settled.IsCompleted);

        _time.Advance(LookUpDeadline);
        await names.Settled.WaitAsync(VoiceWorld.Cancel);
        Assert.Equal(["voice.example.org"], names.Unknown);
        Assert.Empty(names.Addresses);

        Answer("203.0.113.7");
        await _time.WaitBegunAsync(Period);
        await LaterAsync();
        Assert.Empty(names.Unknown);
        await StopAsync(following);
    }

    public void Dispose() => _stop.Dispose();

    private PublicNames Names(params string[] given)
        => new([.. given.Select(text => PublicAddress.TryParse(text, out var parsed) ? parsed : throw new FormatException(text))], (_, _) => _answer(), _time);

    private void Answer(params string[] addresses) => _answer = () => Task.FromResult<IPAddress[]>([.. addresses.Select(IPAddress.Parse)]);

    private async Task LaterAsync()
    {
        _time.Advance(Period);
        await _time.WaitBegunAsync(Period);
    }

    private async Task StopAsync(Task following)
    {
        await _stop.CancelAsync();
        await following.WaitAsync(VoiceWorld.Cancel);
    }
}
