using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Thaw.Net.Gathering;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class ServerNamesTests
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);
    private readonly FakeTimeProvider _time = new();
    private readonly List<Observation.GatheringFailed> _failed = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_address_needs_no_look_up()
    {
        var (servers, isComplete) = await Names((_, _) => throw new InvalidOperationException(), "turn:[2001:db8::1]:99?transport=tcp").LookUpAsync(Again, Cancel);

        Assert.True(isComplete);
        Assert.Equal(new TransportAddress(IPAddress.Parse("2001:db8::1"), 99).Over(TransportProtocol.Tcp), Assert.Single(servers).Address);
    }

    [Fact]
    public async Task A_name_is_looked_up_once_for_all_its_URLs_and_one_address_of_each_family_is_taken()
    {
        int lookUps = 0;
        var names = Names((_, _) => { lookUps++; return Found("192.0.2.1", "192.0.2.2", "2001:db8::1", "fe80::1"); }, "stun:a.example", "turn:A.example");

        var (servers, _) = await names.LookUpAsync(Again, Cancel);

        Assert.Equal(1, lookUps);
        Assert.Equal(["192.0.2.1", "2001:db8::1", "192.0.2.1", "2001:db8::1"], servers.Select(s => s.Address.Address.ToString()));
        Assert.Equal([GatheringKind.Stun, GatheringKind.Stun, GatheringKind.Turn, GatheringKind.Turn], servers.Select(s => s.Kind));
    }

    [Fact]
    public async Task A_resolver_that_is_silent_is_not_waited_for()
    {
        var looking = Names((_, cancel) => new TaskCompletionSource<IPAddress[]>().Task.WaitAsync(cancel), "stun:a.example").LookUpAsync(Again, Cancel);
        _time.Advance(ServerNames.LongestLookUp);
        var (servers, isComplete) = await looking.WaitAsync(Cancel);

        Assert.False(isComplete);
        Assert.Empty(servers);
        Assert.Equal(("stun:a.example", "the name was not looked up within 3 s", Again), (_failed.Single().Server, _failed[0].Detail, _failed[0].RetryIn));
    }

    [Fact]
    public async Task A_name_that_is_not_found_any_more_keeps_what_it_had()
    {
        bool isThere = true;
        var names = Names((_, _) => isThere ? Found("192.0.2.1") : throw new SocketException((int)SocketError.HostNotFound), "stun:a.example");
        await names.LookUpAsync(Again, Cancel);
        isThere = false;

        var (servers, isComplete) = await names.LookUpAsync(Again, Cancel);

        Assert.False(isComplete);
        Assert.Single(servers);
        Assert.Equal("the name does not exist", _failed.Single().Detail);
    }

    [Fact]
    public async Task Another_list_is_looked_up_and_what_is_known_of_a_name_stays()
    {
        bool isThere = true;
        var names = Names((_, _) => isThere ? Found("192.0.2.1") : throw new SocketException((int)SocketError.HostNotFound), "stun:a.example");
        await names.LookUpAsync(Again, Cancel);
        isThere = false;
        Assert.True(new IceServer(["turn:a.example", "turn:b.example"], "other", "p").TryConfigure(out var configured, out string error), error);
        names.Servers = configured;

        var (servers, _) = await names.LookUpAsync(Again, Cancel);

        Assert.Equal(("turn:a.example", "other"), (Assert.Single(servers).Name, servers[0].Credential!.Username));
    }

    private ServerNames Names(Func<string, CancellationToken, Task<IPAddress[]>> resolve, params string[] urls)
    {
        Assert.True(new IceServer(urls, "u", "p").TryConfigure(out var configured, out string error), error);
        return new ServerNames(configured, resolve, o => _failed.Add((Observation.GatheringFailed)o), _time);
    }

    private static Task<IPAddress[]> Found(params string[] addresses) => Task.FromResult(addresses.Select(IPAddress.Parse).ToArray());
}
