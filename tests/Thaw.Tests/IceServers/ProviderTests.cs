using Thaw.IceServers;
using Xunit;

namespace Thaw.Tests.IceServers;

/// <summary>Each provider's dialect, as its documents and public clients have it.</summary>
public sealed class ProviderTests
{
    private const string MeteredList = """
        [{"urls":"stun:stun.relay.metered.ca:80"},{"urls":"turn:a.relay.metered.ca:80","username":"u","credential":"p"},
         {"urls":"turn:a.relay.metered.ca:80?transport=tcp","username":"u","credential":"p"},{"urls":"turn:a.relay.metered.ca:443","username":"u","credential":"p"},
         {"urls":"turns:a.relay.metered.ca:443?transport=tcp","username":"u","credential":"p"}]
        """;

    private readonly FakeProvider _provider = new();

    private DateTimeOffset Now => _provider.Time.GetUtcNow();

    [Fact]
    public async Task Metered_by_API_key_answers_a_bare_array_that_does_not_expire()
    {
        _provider.Variables["THAW_METERED_API_KEY"] = "k&ey";
        var grant = await _provider.Answers(MeteredList).MintAsync("metered:app=myapp,region=europe");

        Assert.Equal(("GET", "https://myapp.metered.live/api/v1/turn/credentials?apiKey=k%26ey&region=europe"), (_provider.Request.Method, _provider.Request.Url));
        Assert.Equal(5, grant.Servers.Count);
        Assert.Null(grant.ExpiresAt);
    }

    [Fact]
    public async Task Metered_by_secret_key_makes_a_credential_that_expires_and_then_asks_with_its_key()
    {
        _provider.Variables["THAW_METERED_SECRET_KEY"] = "top";
        _provider.Answers("""{"username":"u","password":"p","expiryInSeconds":1800,"label":"browser","apiKey":"fresh"}""").Answers(MeteredList);
        var grant = await _provider.MintAsync("metered:app=myapp.metered.live");

        var requests = _provider.Requests.ToArray();
        Assert.Equal(("POST", "https://myapp.metered.live/api/v1/turn/credential?secretKey=top"), (requests[0].Method, requests[0].Url));
        Assert.Equal(("""{"expiryInSeconds":3600,"label":"browser"}""", "application/json"), (requests[0].Body, requests[0].Type));
        Assert.EndsWith("?apiKey=fresh", requests[1].Url, StringComparison.Ordinal);
        Assert.Equal(Now.AddSeconds(1800), grant.ExpiresAt);
    }

    [Theory]
    [InlineData(400, """{"error":"Please specify API Key"}""", "the request is refused (400): Please specify API Key")]
    [InlineData(401, """{"error":"Invalid API Key"}""", "the key is refused (401): Invalid API Key")]
    [InlineData(400, """{"message":"api not available under free plan"}""", "the request is refused (400): api not available under free plan")]
    public async Task Metered_refuses_in_words(int status, string body, string said)
        => Assert.Equal(said, (await _provider.Answers(body, status).FailsAsync("metered:app=myapp,api-key=k")).Message);

    [Theory]
    [InlineData(201)]
    [InlineData(200)]
    public async Task Cloudflare_answers_201_with_an_array(int status)
    {
        (_provider.Variables["THAW_CLOUDFLARE_KEY_ID"], _provider.Variables["THAW_CLOUDFLARE_API_TOKEN"]) = ("id", "token");
        var grant = await _provider.Answers(FakeProvider.Cloudflare(), status).MintAsync("cloudflare");

        Assert.Equal(("POST", "https://rtc.live.cloudflare.com/v1/turn/keys/id/credentials/generate-ice-servers"), (_provider.Request.Method, _provider.Request.Url));
        Assert.Equal(("Bearer token", """{"ttl":3600}"""), (_provider.Request.Headers["Authorization"], _provider.Request.Body));
        Assert.Equal(2, grant.Servers.Count);
        Assert.Equal(Now.AddSeconds(3600), grant.ExpiresAt);
    }

    [Fact]
    public async Task Cloudflare_answered_with_one_object_before()
    {
        _provider.Answers("""{"iceServers":{"urls":["stun:stun.cloudflare.com:3478","turn:turn.cloudflare.com:3478?transport=udp"],"username":"u","credential":"p"}}""", 201);
        Assert.Equal("u", Assert.Single((await _provider.MintAsync("cloudflare:key-id=id,api-token=t")).Servers).Username);
    }

    [Fact]
    public async Task Cloudflare_gives_48_hours_at_most()
    {
        var grant = await _provider.Answers(FakeProvider.Cloudflare(), 201).MintAsync("cloudflare:key-id=id,api-token=t", 1_000_000);

        Assert.Equal("""{"ttl":172800}""", _provider.Request.Body);
        Assert.Equal(Now.AddHours(48), grant.ExpiresAt);
    }

    [Fact]
    public async Task Twilio_answers_ice_servers_and_a_ttl_in_quotes()
    {
        (_provider.Variables["THAW_TWILIO_ACCOUNT_SID"], _provider.Variables["THAW_TWILIO_AUTH_TOKEN"]) = ("AC1", "tok");
        _provider.Answers("""
            {"username":"u","password":"p","ttl":"1200","account_sid":"AC1","date_created":"Fri, 01 May 2026 01:42:57 +0000","date_updated":"Fri, 01 May 2026 01:42:57 +0000",
             "ice_servers":[{"url":"stun:global.stun.twilio.com:3478","urls":"stun:global.stun.twilio.com:3478"},
             {"url":"turn:global.turn.twilio.com:3478?transport=udp","username":"u","urls":"turn:global.turn.twilio.com:3478?transport=udp","credential":"p"},
             {"url":"turn:global.turn.twilio.com:443?transport=tcp","username":"u","urls":"turn:global.turn.twilio.com:443?transport=tcp","credential":"p"}]}
            """, 201);
        var grant = await _provider.MintAsync("twilio");

        Assert.Equal(("POST", "https://api.twilio.com/2010-04-01/Accounts/AC1/Tokens.json"), (_provider.Request.Method, _provider.Request.Url));
        Assert.Equal(("AC1:tok", "Ttl=3600", "application/x-www-form-urlencoded"), (_provider.Request.Basic, _provider.Request.Body, _provider.Request.Type));
        Assert.Equal(3, grant.Servers.Count);
        Assert.Equal(Now.AddSeconds(1200), grant.ExpiresAt);
    }

    [Fact]
    public async Task Twilio_takes_an_API_key_too()
    {
        _provider.Answers("""{"ttl":"86400","ice_servers":[{"urls":"stun:global.stun.twilio.com:3478"}]}""", 201);
        await _provider.MintAsync("twilio:account-sid=AC1,api-key-sid=SK1,api-key-secret=s");

        Assert.Equal("SK1:s", _provider.Request.Basic);
    }

    [Theory]
    [InlineData("""{"s":"ok","v":{"iceServers":{"urls":["stun:eu.xirsys.com","turn:eu.xirsys.com:80?transport=udp","turns:eu.xirsys.com:443?transport=tcp"],"username":"u","credential":"p"}}}""", 1)]
    [InlineData("""{"s":"ok","v":{"iceServers":[{"url":"stun:eu.xirsys.com"},{"url":"turn:eu.xirsys.com:80?transport=udp","username":"u","credential":"p"}]}}""", 2)]
    public async Task Xirsys_answers_an_object_or_an_array(string body, int count)
    {
        _provider.Variables["THAW_XIRSYS_SECRET"] = "sec";
        var grant = await _provider.Answers(body).MintAsync("xirsys:channel=my/app,ident=me");

        Assert.Equal(("PUT", "https://global.xirsys.net/_turn/my/app"), (_provider.Request.Method, _provider.Request.Url));
        Assert.Equal(("me:sec", """{"format":"urls","expire":3600}"""), (_provider.Request.Basic, _provider.Request.Body));
        Assert.Equal(count, grant.Servers.Count);
        Assert.Equal(Now.AddSeconds(3600), grant.ExpiresAt);
    }

    [Fact]
    public async Task Xirsys_says_error_under_a_status_of_success()
        => Assert.Equal("the request is refused: unauthorized", (await _provider.Answers("""{"s":"error","v":"unauthorized"}""").FailsAsync("xirsys:channel=c,ident=i,secret=s")).Message);

    [Fact]
    public async Task A_TURN_REST_service_answers_password_and_uris()
    {
        _provider.Variables["THAW_TURN_REST_KEY"] = "k";
        string name = $"{Now.AddSeconds(500).ToUnixTimeSeconds()}:browser";
        var grant = await _provider.Answers($$"""{"username":"{{name}}","password":"p","ttl":86400,"uris":["turn:a.example?transport=udp","turn:a.example?transport=tcp"]}""")
            .MintAsync("turn-rest:url=https://a.example/turn");

        Assert.Equal("https://a.example/turn?service=turn&username=browser&key=k&ttl=3600", _provider.Request.Url);
        Assert.Equal("p", Assert.Single(grant.Servers).Credential);
        Assert.Equal(Now.AddSeconds(500), grant.ExpiresAt); // the name knows better than the ttl
    }

    [Fact]
    public async Task Any_service_can_be_spelt_out()
    {
        _provider.Variables["MY_KEY"] = "sesame";
        var grant = await _provider.Answers("""{"result":{"list":[{"servers":[{"urls":"turn:a.example?transport=tcp","username":"u","credential":"p"}]}]},"ttl":60}""")
            .MintAsync("""http:url=http://a.example/{audience}?u={user},method=PUT,body={"ttl":{ttl},"x":[1,2]},header-x-api-key-env=MY_KEY,token=t,path=$.result.list.0.servers""");

        var request = _provider.Request;
        Assert.Equal(("PUT", "http://a.example/browser?u=browser", """{"ttl":3600,"x":[1,2]}"""), (request.Method, request.Url, request.Body));
        Assert.Equal(("sesame", "Bearer t"), (request.Headers["x-api-key"], request.Headers["Authorization"]));
        Assert.Equal(["turn:a.example?transport=tcp"], Assert.Single(grant.Servers).Urls);
        Assert.Equal(Now.AddSeconds(60), grant.ExpiresAt);
    }

    [Fact]
    public async Task A_path_that_leads_nowhere_is_told()
        => Assert.Equal("the answer has nothing at the configured path", (await _provider.Answers("""{"a":[]}""").FailsAsync("http:url=https://a.example,path=a.3.b")).Message);

    [Fact]
    public async Task STUNner_is_such_a_service()
    {
        _provider.Answers("""{"iceServers":[{"username":"u","credential":"p","urls":["turn:10.96.0.1:3478?transport=UDP"]}],"iceTransportPolicy":"all"}""");
        Assert.Single((await _provider.MintAsync("http:url=http://stunner-auth:8088/ice?service=turn&ttl={ttl}")).Servers);
        Assert.Equal("http://stunner-auth:8088/ice?service=turn&ttl=3600", _provider.Request.Url);
    }

    // draft-uberti-behave-turn-rest-00; the sum was computed by openssl: printf %s 1800003600:browser | openssl dgst -sha1 -hmac north -binary | base64
    [Fact]
    public async Task A_shared_secret_mints_here_and_at_once()
    {
        _provider.Files["/etc/thaw/secret"] = "north\nold\n";
        var minting = _provider.Source("coturn:host=relay.example,tls-port=443,secret-file=/etc/thaw/secret").MintAsync(new(IceAudience.Browser, "browser", TimeSpan.FromHours(1)), TestContext.Current.CancellationToken);

        Assert.True(minting.IsCompletedSuccessfully);
        var grant = await minting;
        Assert.Equal(["stun:relay.example:3478"], grant.Servers[0].Urls);
        Assert.Equal(["turn:relay.example:3478?transport=udp", "turn:relay.example:3478?transport=tcp", "turns:relay.example:443?transport=tcp"], grant.Servers[1].Urls);
        Assert.Null(grant.Servers[0].Username);
        Assert.Equal(("1800003600:browser", "s6epqVRYa5/GYbYaUXgj0PnxTng="), (grant.Servers[1].Username, grant.Servers[1].Credential));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_800_003_600), grant.ExpiresAt);
        Assert.Empty(_provider.Requests);
    }

    [Fact]
    public async Task A_static_user_of_a_relay_is_a_list_that_lasts()
    {
        (_provider.Variables["THAW_COTURN_USERNAME"], _provider.Variables["THAW_COTURN_PASSWORD"]) = ("u", "p");
        var grant = await _provider.MintAsync("coturn:host=[2001:db8::1],port=3479");

        Assert.Equal(["turn:[2001:db8::1]:3479?transport=udp", "turn:[2001:db8::1]:3479?transport=tcp"], grant.Servers[1].Urls);
        Assert.Null(grant.ExpiresAt);
    }

    [Fact]
    public async Task Google_is_one_STUN_server() => Assert.Equal(["stun:stun.l.google.com:19302"], Assert.Single((await _provider.MintAsync("google")).Servers).Urls);

    [Fact]
    public async Task A_list_may_have_its_credential_in_a_variable()
    {
        _provider.Variables["THAW_STATIC_CREDENTIAL"] = "p";
        var grant = await _provider.MintAsync("static:servers=stun:a.example,turn:a.example?transport=tcp,username=u");

        Assert.Equal([null, "p"], grant.Servers.Select(s => s.Credential));
    }
}
