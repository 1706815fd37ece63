using Thaw.IceServers.Checking;
using Thaw.IceServers.Reading;
using Xunit;

namespace Thaw.Tests.IceServers;

public sealed class ListCheckTests
{
    private const string Secret = "s3cret-of-ours";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Fact]
    public void A_good_list_has_nothing_to_it()
        => Assert.Empty(IceServerCheck.Of([new(["stun:a.example"]), new(["turn:a.example", "turn:a.example:443?transport=tcp", "turns:a.example:443?transport=tcp"], "1800086400:u", Secret)], Now));

    [Theory]
    [InlineData(null, null, "credential-missing")]
    [InlineData("u", null, "credential-missing")]
    [InlineData(null, Secret, "username-missing")]
    [InlineData("2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "1800086400:alice", "credential-swapped")]
    [InlineData("1700000000:alice", Secret, "credential-expired")]
    [InlineData("1799999999", Secret, "credential-expired")]
    [InlineData("1800000060:alice", Secret, "credential-expires")]
    [InlineData("1800086400000:alice", Secret, "expiry-in-milliseconds")]
    public void What_is_wrong_with_a_credential_is_named_without_it(string? username, string? credential, string code)
    {
        var finding = Assert.Single(IceServerCheck.Of([new(["turn:a.example?transport=tcp"], username, credential)], Now));

        Assert.Equal(code, finding.Code);
        Assert.DoesNotContain(Secret, finding.Brief, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expired_credential_says_for_how_long_and_doubts_the_clock()
        => Assert.Equal("\"turn:a.example?transport=tcp\": the credential expired 3 hours ago, if this machine's clock is right",
            Assert.Single(IceServerCheck.Of([new(["turn:a.example?transport=tcp"], "1799989200:u", Secret)], Now)).Brief);

    [Fact]
    public void A_relay_by_UDP_alone_and_too_many_URLs_are_warnings()
    {
        var findings = IceServerCheck.Of([new(["turn:a.example:3478", "turn:b.example", "turn:c.example", "turn:d.example", "turn:e.example"], "u", Secret)], Now);

        Assert.Equal(["relay-udp-only", "many-urls"], findings.Select(f => f.Code));
        Assert.Equal("also turn:a.example:443?transport=tcp or turns:a.example:443?transport=tcp", findings[0].Instead);
        Assert.All(findings, f => Assert.False(f.IsError));
    }

    // Spellings: browsers now and before 2015, Pipecat's variable, aiortc, Twilio, Xirsys, TURN REST, AWS, Pipecat's /start.
    [Theory]
    [InlineData("turn:a.example")]
    [InlineData("""{"urls": "turn:a.example", "username": "u", "credential": "p"}""")]
    [InlineData("""{"url": "turn:a.example", "username": "u", "credential": "p"}""")]
    [InlineData("""{"urls": ["turn:a.example"], "username": "u", "credential": "p", "credentialType": "password"}""")]
    [InlineData("""[{"urls": "turn:a.example", "username": "u", "credential": "p"},]""")]
    [InlineData("""{"iceServers": [{"urls": ["turn:a.example"], "username": "u", "credential": "p"}]}""")]
    [InlineData("""{"iceServers": {"urls": ["turn:a.example"], "username": "u", "credential": "p"}}""")]
    [InlineData("""{"s": "ok", "v": {"iceServers": {"urls": ["turn:a.example"], "username": "u", "credential": "p"}}}""")]
    [InlineData("""{"username": "u", "password": "p", "ice_servers": [{"url": "turn:a.example", "urls": "turn:a.example", "username": "u", "credential": "p"}]}""")]
    [InlineData("""{"IceServerList": [{"Uris": ["turn:a.example"], "Username": "u", "Password": "p", "Ttl": 300}]}""")]
    [InlineData("""{"sessionId": "1", "iceConfig": {"iceServers": [{"urls": "turn:a.example", "username": "u", "credential": "p"}]}}""")]
    public void Every_spelling_is_read(string text)
    {
        var reading = IceServerText.Read(text);

        Assert.Empty(reading.Findings);
        var server = Assert.Single(reading.Servers);
        Assert.Equal(["turn:a.example"], server.Urls);
        if (text[0] is '{' or '[') Assert.Equal(("u", "p"), (server.Username, server.Credential));
    }

    [Theory]
    [InlineData("""{"urls": "turn:a.example", "username": "u", "password": "p"}""", "password")]
    [InlineData("""{"uris": ["turn:a.example"], "username": "u", "credential": "p"}""", "uris")]
    [InlineData("""{"urls": "turn:a.example", "user": "u", "credential": "p"}""", "user")]
    public void Another_name_for_the_same_is_read_and_told(string text, string code)
    {
        var reading = IceServerText.Read(text);

        Assert.Equal((code, IceSeverity.Warning), (Assert.Single(reading.Findings).Code, reading.Findings[0].Severity));
        Assert.Equal(("u", "p"), (reading.Servers[0].Username, reading.Servers[0].Credential));
    }

    [Theory]
    [InlineData("""{"username": "u", "credential": "s3cret-of-ours", "iceServers": [{"urls": "turn:a.example"}]}""", "credential-level")]
    [InlineData("""[{"urls": "turn:a.example"}, {"username": "u", "credential": "s3cret-of-ours"}]""", "credential-apart")]
    [InlineData("""{"username": "u", "credential": "s3cret-of-ours"}""", "urls-missing")]
    [InlineData("""{"urls": []}""", "urls-missing")]
    [InlineData("""{"urls": [1]}""", "urls-missing")]
    [InlineData("""[1]""", "entry")]
    [InlineData("""{"urls": "turn:a.example", "credentialType": "oauth"}""", "credential-type")]
    [InlineData("""{'urls': 's3cret-of-ours'}""", "not-json")]
    [InlineData("""{"urls": s3cret-of-ours}""", "not-json")]
    public void A_wrong_spelling_is_named_without_its_secrets(string text, string code)
    {
        var reading = IceServerText.Read(text);

        Assert.Equal(code, Assert.Single(reading.Findings).Code);
        Assert.True(reading.Findings[0].IsError);
        Assert.DoesNotContain(Secret, reading.Findings[0].Brief, StringComparison.Ordinal);
    }

    [Fact]
    public void Single_quotes_are_recognised()
        => Assert.EndsWith("JSON wants double quotes", IceServerText.Read("{'urls': 'stun:a.example'}").Findings[0].Text, StringComparison.Ordinal);

    [Fact]
    public void An_expired_credential_keeps_nobody_from_starting()
        => Assert.True(IceServerText.TryRead("""{"urls": "turn:a.example", "username": "1700000000:u", "credential": "p"}""", Now, out _, out _));

    [Fact]
    public void A_list_has_its_limits()
    {
        var reading = IceServerText.Read($"[{string.Join(',', Enumerable.Repeat("\"stun:a.example\"", 1000))}]");

        Assert.Equal(64, reading.Servers.Count);
        Assert.Equal("too-many", Assert.Single(reading.Findings).Code);
    }
}
