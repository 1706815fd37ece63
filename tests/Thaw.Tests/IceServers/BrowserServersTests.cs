using Thaw.IceServers;
using Thaw.Net.Gathering;
using Xunit;

namespace Thaw.Tests.IceServers;

/// <summary>The short list that a browser gets.</summary>
public sealed class BrowserServersTests
{
    private static readonly DateTimeOffset Soon = DateTimeOffset.UnixEpoch.AddHours(1), Late = Soon.AddHours(1);

    [Fact]
    public async Task Cloudflare_shrinks_to_one_STUN_server_and_a_relay_by_UDP_TCP_and_TLS_on_443_without_port_53()
    {
        var grant = await new FakeProvider().Answers(FakeProvider.Cloudflare(), 201).MintAsync("cloudflare:key-id=i,api-token=t");

        var set = BrowserServers.Choose([grant]);

        Assert.Equal(["stun:stun.cloudflare.com:3478"], set.Servers[0].Urls);
        Assert.Equal(["turn:turn.cloudflare.com:3478?transport=udp", "turn:turn.cloudflare.com:80?transport=tcp", "turns:turn.cloudflare.com:443?transport=tcp"], set.Servers[1].Urls);
        Assert.Equal(("name", "pass"), (set.Servers[1].Username, set.Servers[1].Credential));
        Assert.Equal(grant.ExpiresAt, set.ExpiresAt);
        Assert.True(set.HasRelay);
    }

    [Fact]
    public void The_first_source_with_a_relay_gives_it_and_its_expiry()
    {
        var set = BrowserServers.Choose(
        [
            new([new(["stun:a.example"])], Soon),
            new([new(["turn:b.example"], "b", "p")], Late),
            new([new(["stun:c.example"]), new(["turn:c.example", "turns:c.example:443"], "c", "p")], Soon),
        ]);

        Assert.Equal(["stun:a.example:3478", "turn:b.example:3478?transport=udp"], set.Servers.SelectMany(s => s.Urls));
        Assert.Equal(Late, set.ExpiresAt); // STUN has no credential that could expire
    }

    [Fact]
    public void Of_several_hosts_of_a_source_the_one_with_the_most_ways_in_is_taken()
    {
        var set = BrowserServers.Choose([new([new(["turn:a.example"], "u", "p"), new(["turn:b.example", "turn:b.example?transport=tcp"], "u", "p"), new(["turns:b.example:5349"], "u", "p")])]);

        Assert.Equal(["turn:b.example:3478?transport=udp", "turn:b.example:3478?transport=tcp", "turns:b.example:5349?transport=tcp"], Assert.Single(set.Servers).Urls);
        Assert.Null(set.ExpiresAt);
    }

    [Theory]
    [InlineData("turn:a.example:53?transport=udp")]
    [InlineData("turns:a.example?transport=udp")] // DTLS
    [InlineData("nonsense")]
    [InlineData("stun:a.example?transport=udp")] // one such, and the browser refuses all
    [InlineData("stuns:a.example")]
    public void What_a_browser_refuses_or_never_asks_is_left_out(string url)
        => Assert.Empty(BrowserServers.Choose([new([new([url], "u", "p")])]).Servers);

    [Theory]
    [InlineData(null, null)]
    [InlineData("u", "")]
    public void A_relay_without_credentials_would_make_the_browser_refuse_all(string? username, string? credential)
        => Assert.Equal(["stun:a.example:3478"], BrowserServers.Choose([new([new(["stun:a.example", "turn:a.example"], username, credential)])]).Servers.SelectMany(s => s.Urls));

    [Fact]
    public void Never_more_than_four_URLs_and_every_one_of_them_in_full()
    {
        string[] urls = [.. from host in new[] { "a.example", "b.example", "[2001:db8::1]" } from scheme in new[] { "stun", "turn", "turns" } from port in new[] { 3478, 443, 80, 5349 } select $"{scheme}:{host}:{port}"];
        var set = BrowserServers.Choose([.. urls.Select(url => new IceServerGrant([new IceServer([url], "u", "p")])), new([new(urls, "u", "p")])]);

        Assert.InRange(set.Servers.Sum(s => s.Urls.Count), 1, 4);
        Assert.All(set.Servers.SelectMany(s => s.Urls).Where(u => u.StartsWith("turn", StringComparison.Ordinal)), url => Assert.Contains("?transport=", url, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_makes_nothing() => Assert.Equal((0, false), (BrowserServers.Choose([]).Servers.Count, BrowserServers.Choose([]).HasRelay));
}
