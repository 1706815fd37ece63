using CsCheck;
using Thaw.IceServers.Checking;
using Thaw.Protocol.Gathering;
using Xunit;

namespace Thaw.Tests.IceServers;

/// <summary>Each thing that people write wrong, by its name, its place and what was meant.</summary>
public sealed class UrlCheckTests
{
    [Theory]
    [InlineData("stun:stun.l.google.com:19302")]
    [InlineData("turn:relay.example:3478?transport=udp")]
    [InlineData("turn:relay.example:443?transport=tcp")]
    [InlineData("turns:relay.example:443")] // TCP by default
    [InlineData("turns:[2001:db8::1]:5349?transport=tcp")]
    [InlineData("turn:203.0.113.7")]
    [InlineData("TURN:relay.example?transport=TCP")]
    public void What_is_right_is_left_alone(string url) => Assert.Empty(IceUrlCheck.Of(url));

    [Theory]
    [InlineData("", "url-empty", -1, null)]
    [InlineData("stun: stun.example", "url-space", 5, null)]
    [InlineData("stun:stun.example ", "url-space", 17, "stun:stun.example")]
    [InlineData("\"stun:stun.example\"", "url-space", 0, "stun:stun.example")]
    [InlineData("turn.example:3478", "url-no-scheme", 0, "turn:turn.example:3478")]
    [InlineData("stun.l.google.com:19302", "url-no-scheme", 0, "stun:stun.l.google.com:19302")]
    [InlineData("relay.example", "url-no-scheme", 0, "turn:relay.example")]
    [InlineData("[2001:db8::1]:3478", "url-no-scheme", 0, "turn:[2001:db8::1]:3478")]
    [InlineData("https://relay.example/ice", "url-is-web", 0, "turns:relay.example:443?transport=tcp")]
    [InlineData("http://relay.example:8080", "url-is-web", 0, "turn:relay.example")]
    [InlineData("trun:relay.example", "url-scheme", 0, "turn:relay.example")]
    [InlineData("stunn:stun.example", "url-scheme", 0, "stun:stun.example")]
    [InlineData("turnss:relay.example", "url-scheme", 0, "turns:relay.example")]
    [InlineData("wss://relay.example", "url-scheme", 0, null)]
    [InlineData("turn", "url-no-host", 4, "turn:HOST")]
    [InlineData("turn:", "url-no-host", 5, "turn:HOST")]
    [InlineData("turn::3478", "url-no-host", 5, null)]
    [InlineData("turn://relay.example:3478", "url-slashes", 5, "turn:relay.example:3478")]
    [InlineData("stun:///stun.example/", "url-slashes", 5, "stun:stun.example")]
    [InlineData("turn:2001:db8::1", "url-ipv6-brackets", 5, "turn:[2001:db8::1]")]
    [InlineData("turn:[2001:db8::1", "url-ipv6", 6, null)]
    [InlineData("turn:[fe80::1%eth0]", "url-ipv6", 6, null)]
    [InlineData("turn:[2001:db8::1]3478", "url-port", 18, null)]
    [InlineData("turn:relay.example/path", "url-path", 18, "turn:relay.example")]
    [InlineData("turn:relay.example:3478/?transport=tcp", "url-path", 23, "turn:relay.example:3478?transport=tcp")]
    [InlineData("turn:<your-app>.example", "url-placeholder", 5, null)]
    [InlineData("turn:relay|example", "url-host", 10, null)]
    [InlineData("turn:relay.example:", "url-port", 19, "turn:relay.example")]
    [InlineData("turn:relay.example:99999", "url-port", 19, null)]
    [InlineData("turn:relay.example:0", "url-port", 19, null)]
    [InlineData("turn:relay.example:34x8", "url-port", 21, "turn:relay.example:3478")]
    [InlineData("turns:relay.example:tls?transport=tcp", "url-port", 20, "turns:relay.example:5349?transport=tcp")]
    [InlineData("stun:stun.example?transport=udp", "stun-transport", 17, "stun:stun.example")]
    [InlineData("stuns:stun.example?transport=tcp", "stun-transport", 18, "stuns:stun.example")]
    [InlineData("turn:relay.example?tcp", "url-query", 18, "turn:relay.example?transport=tcp")]
    [InlineData("turn:relay.example?protocol=udp", "url-query", 18, "turn:relay.example")]
    [InlineData("turn:relay.example:443?transport=tls", "url-transport", 33, "turns:relay.example:443?transport=tcp")]
    [InlineData("turn:relay.example?transport=tcp&x=1", "url-transport", 32, "turn:relay.example?transport=tcp")]
    [InlineData("turn:relay.example?transport=", "url-transport", 29, null)]
    [InlineData("turn:0.0.0.0:3478", "host-is-nobody", 5, null)]
    [InlineData("stun:[::]:3478", "host-is-nobody", 6, null)]
    public void A_fault_is_named_with_its_place_and_what_was_meant(string url, string code, int at, string? instead)
    {
        var finding = Assert.Single(IceUrlCheck.Of(url));

        Assert.Equal((code, IceSeverity.Error, at, instead), (finding.Code, finding.Severity, finding.At, finding.Instead));
    }

    [Theory]
    [InlineData("turn:relay.example:443", "turn-is-udp", 22, "turn:relay.example:443?transport=tcp")]
    [InlineData("turn:relay.example:80", "turn-is-udp", 21, "turn:relay.example:80?transport=tcp")]
    [InlineData("turn:relay.example:5349", "turn-on-tls-port", 0, "turns:relay.example:5349?transport=tcp")]
    [InlineData("turns:relay.example?transport=udp", "turns-over-udp", 19, "turns:relay.example?transport=tcp")]
    [InlineData("stuns:stun.example", "stuns", 0, "stun:stun.example")]
    [InlineData("turn:relay.example:53?transport=udp", "port-53", 19, null)]
    [InlineData("turn:10.0.0.5", "host-is-private", 5, null)]
    [InlineData("turn:192.168.1.5?transport=tcp", "host-is-private", 5, null)]
    [InlineData("turn:[fd00::1]", "host-is-private", 6, null)]
    [InlineData("turn:100.64.0.1", "host-is-shared", 5, null)]
    [InlineData("turn:169.254.1.1", "host-is-link-local", 5, null)]
    [InlineData("stun:127.0.0.1", "host-is-loopback", 5, null)]
    [InlineData("turn:localhost", "host-is-loopback", 5, null)]
    public void What_works_but_not_as_meant_is_a_warning(string url, string code, int at, string? instead)
    {
        var finding = Assert.Single(IceUrlCheck.Of(url));

        Assert.Equal((code, IceSeverity.Warning, at, instead), (finding.Code, finding.Severity, finding.At, finding.Instead));
    }

    [Theory]
    [InlineData("turn:alice:hunter2@relay.example:3478")]
    [InlineData("turn://alice:hunter2@relay.example")]
    [InlineData("https://alice:hunter2@relay.example")]
    [InlineData("trun:alice:hunter2@relay.example")]
    [InlineData("alice:hunter2@relay.example")]
    [InlineData("turn:alice:hunter2@relay.example?transport=tls")]
    public void A_password_in_a_URL_is_told_and_never_repeated(string url)
    {
        var finding = Assert.Single(IceUrlCheck.Of(url));

        Assert.True(finding.IsError);
        Assert.DoesNotContain("hunter2", $"{finding} {finding.Brief} {string.Join(' ', finding.Lines())}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_a_URL_has_its_place_beside_it()
        => Assert.Equal("""{"urls": "turn:relay.example:3478?transport=tcp", "username": "…", "credential": "…"}""",
            Assert.Single(IceUrlCheck.Of("turn:alice:hunter2@relay.example:3478?transport=tcp")).Instead);

    [Fact]
    public void A_caret_stands_under_the_offending_character()
        => Assert.Equal(
        [
            "Error: a STUN URL has no ?transport= (RFC 7064): browsers refuse all servers for it.",
            "    stun:stun.example?transport=udp",
            "                     ^",
            "  Write stun:stun.example",
        ], Assert.Single(IceUrlCheck.Of("stun:stun.example?transport=udp")).Lines());

    [Fact]
    public void An_error_is_found_exactly_where_the_URL_does_not_parse()
    {
        string[] parts = ["stun", "turn", "turns", ":", "//", "@", "a.example", "[", "]", "2001:db8::1", "1", "443", "99999", "?transport=", "tcp", "udp", "?", "#", "/", " ", "é", "%", "\0", "0"];
        Gen.Int[0, parts.Length - 1].Array[0, 8].Select(picked => string.Concat(picked.Select(i => parts[i]))).Sample(text =>
        {
            var findings = IceUrlCheck.Of(text);
            bool parses = IceServerUrl.TryParse(text, out _, out _);
            Assert.Equal(parses, findings.All(f => !f.IsError || f.Code == "host-is-nobody"));
            foreach (var finding in findings)
            {
                Assert.InRange(finding.At, -1, finding.Subject.Length);
                if (finding.Instead is { } instead && !instead.StartsWith('{') && !instead.EndsWith("HOST", StringComparison.Ordinal)) Assert.True(IceServerUrl.TryParse(instead, out _, out string why), $"{text} -> {why}");
            }
        }, seed: "8ptXcen4wzQ5", iter: 20_000, threads: 1);
    }
}
