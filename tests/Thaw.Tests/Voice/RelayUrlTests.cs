using System.Net;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Thaw.Voice.Relaying;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>Which URLs of the embedded relay a client is told, by how it came.</summary>
public sealed class RelayUrlTests
{
    private static readonly IPAddress Stranger = IPAddress.Parse("198.51.100.7");

    [Fact]
    public void Where_the_page_came_from_TURN_comes_from_too()
        => Assert.Equal(
            ["turn:203.0.113.7:3478?transport=udp", "turn:203.0.113.7:8080?transport=tcp"],
            Urls("203.0.113.7:8080"));

    [Fact]
    public void Under_HTTPS_there_is_TLS_by_the_name_that_the_certificate_is_for()
        => Assert.Equal(
            ["turn:203.0.113.7:3478?transport=udp", "turn:voice.example.org:443?transport=tcp", "turns:voice.example.org:443?transport=tcp"],
            Urls("voice.example.org", scheme: "https", announced: "203.0.113.7"));

    [Fact]
    public void Behind_a_proxy_the_relays_own_port_is_told()
    {
        string[] urls = ["turn:voice.example.org:3478?transport=udp", "turn:voice.example.org:3478?transport=tcp"];
        Assert.Equal(urls, Urls("voice.example.org", header: "X-Forwarded-For"));
        Assert.Equal(urls, Urls("voice.example.org", header: "Via"));
        Assert.Equal(urls, Urls("voice.example.org", from: IPAddress.Loopback)); // nobody on this machine calls it so
    }

    [Fact]
    public void A_proxy_that_hides_the_name_leaves_what_was_announced_or_the_best_address()
    {
        Assert.Equal("turn:voice.example.org:3478?transport=udp", Urls("127.0.0.1:7860", header: "X-Forwarded-For", announced: "voice.example.org")[0]);
        Assert.Equal("turn:10.0.0.5:3478?transport=udp", Urls("localhost:7860", header: "X-Real-IP", best: "10.0.0.5")[0]);
        Assert.Empty(Urls("localhost:7860", header: "X-Forwarded-For"));
    }

    [Fact]
    public void On_this_machine_it_is_loopback_whatever_is_announced()
        => Assert.Equal(
            ["turn:127.0.0.1:3478?transport=udp", "turn:127.0.0.1:7860?transport=tcp"],
            Urls("localhost:7860", from: IPAddress.Loopback, announced: "203.0.113.7", best: "10.0.0.5"));

    [Fact]
    public void What_is_forwarded_is_believed_in_nothing()
        => Assert.DoesNotContain(Urls("203.0.113.7", header: "X-Forwarded-Host", value: "evil.example"), url => url.Contains("evil", StringComparison.Ordinal));

    [Theory]
    [InlineData("voice.example.org", "voice.example.org")]
    [InlineData("xn--stimme-9ya.example", "xn--stimme-9ya.example")]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("[2001:DB8::1]", "[2001:db8::1]")]
    [InlineData("[::ffff:192.0.2.1]", "192.0.2.1")]
    [InlineData("[fe80::1%eth0]", null)]
    [InlineData("[nonsense]", null)]
    [InlineData("a b", null)]
    [InlineData("a?transport=tcp", null)]
    [InlineData("user@host", null)]
    [InlineData("-a", null)]
    [InlineData("a..b", null)]
    [InlineData("stimme.exämple", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Only_a_sane_host_is_taken(string? said, string? taken) => Assert.Equal(taken, Reach.Sane(said));

    [Fact]
    public void Without_a_sane_host_it_is_the_address_that_the_connection_came_to()
        => Assert.Equal("turn:10.0.0.5:3478?transport=udp", Urls("a\"b", to: IPAddress.Parse("10.0.0.5"))[0]);

    [Fact]
    public void Whatever_the_header_says_URLs_have_no_more_parts_than_they_shall() => Gen.String.Sample(said =>
    {
        foreach (string url in Urls(said)) Assert.Matches(@"^turns?:([A-Za-z0-9._-]+|\[[0-9a-f:.]+\]):\d{1,5}\?transport=(udp|tcp)$", url);
    });

    private static IReadOnlyList<string> Urls(
        string host, IPAddress? from = null, IPAddress? to = null, string scheme = "http", string? header = null, string value = "192.0.2.1", string? announced = null, string? best = null)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Host = host;
        context.Request.Scheme = scheme;
        (context.Connection.RemoteIpAddress, context.Connection.LocalIpAddress) = (from ?? Stranger, to);
        if (header is not null) context.Request.Headers[header] = value;
        return RelayUrls.For(Reach.Of(context), announced, best, 3478);
    }
}
