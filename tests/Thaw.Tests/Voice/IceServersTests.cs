using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Thaw.IceServers;
using Thaw.Net.Gathering;
using Thaw.Tests.IceServers;
using Thaw.Voice;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>One configuration for both ends, as clients see it.</summary>
public sealed class IceServersTests
{
    private const string Coturn = "coturn:host=relay.example,tls-port=443,secret=s3cret-of-ours";

    private readonly FakeProvider _provider = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // What the stock client and voice-ui-kit do with the answer of /start.
    [Fact]
    public async Task Start_gives_a_Pipecat_client_its_servers()
    {
        await using var world = World([Coturn]);

        var answer = await JsonAsync(await world.SendAsync("POST", "/start", """{"createDailyRoom":false,"enableDefaultIceServers":true,"transport":"webrtc"}"""));

        Assert.Equal(["sessionId", "iceConfig"], answer.EnumerateObject().Select(p => p.Name)); // "iceConfig" in response, then .iceServers
        Assert.Equal(["iceServers"], answer.GetProperty("iceConfig").EnumerateObject().Select(p => p.Name));
        var servers = answer.GetProperty("iceConfig").GetProperty("iceServers").EnumerateArray().ToArray();
        Assert.Equal(["urls"], servers[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal(["urls", "username", "credential"], servers[1].EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["turn:relay.example:3478?transport=udp", "turn:relay.example:3478?transport=tcp", "turns:relay.example:443?transport=tcp"],
            servers[1].GetProperty("urls").EnumerateArray().Select(u => u.GetString()));
        string session = answer.GetProperty("sessionId").GetString()!;
        Assert.EndsWith($":b-{session.Replace("-", "", StringComparison.Ordinal)[..12]}", servers[1].GetProperty("username").GetString(), StringComparison.Ordinal);
        await world.CallAsync("abcd", session: session);
    }

    [Fact]
    public async Task A_list_for_this_server_is_one_for_its_clients_too()
    {
        await using var world = new VoiceWorld(with: o => o with { IceServers = [new IceServer(["stun:a.example"]), new IceServer(["turn:a.example"], "u", "p")] });

        var servers = (await JsonAsync(await world.SendAsync("POST", "/start", ""))).GetProperty("iceConfig").GetProperty("iceServers");

        Assert.Equal("""[{"urls":["stun:a.example:3478"]},{"urls":["turn:a.example:3478?transport=udp"],"username":"u","credential":"p"}]""", servers.GetRawText());
    }

    [Fact]
    public async Task The_endpoint_tells_the_servers_their_end_and_a_policy()
    {
        await using var world = World([Coturn]);

        var response = await world.SendAsync("GET", "/api/ice-servers", null);
        var answer = await JsonAsync(response);

        Assert.Equal(["iceServers", "iceTransportPolicy", "expiresAt", "ttl"], answer.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("all", 86_400), (answer.GetProperty("iceTransportPolicy").GetString(), answer.GetProperty("ttl").GetInt32()));
        Assert.Equal(world.Time.GetUtcNow().AddDays(1).ToUnixTimeSeconds(), answer.GetProperty("expiresAt").GetDateTimeOffset().ToUnixTimeSeconds());
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        string first = answer.GetProperty("iceServers")[1].GetProperty("username").GetString()!;
        Assert.NotEqual(first, (await JsonAsync(await world.SendAsync("GET", "/api/ice-servers", null))).GetProperty("iceServers")[1].GetProperty("username").GetString());
    }

    [Fact]
    public async Task Without_any_server_the_endpoint_has_an_empty_list_and_no_null()
    {
        await using var world = new VoiceWorld();

        Assert.Equal("""{"iceServers":[],"iceTransportPolicy":"all"}""", await world.Http.GetStringAsync("/api/ice-servers", Cancel));
    }

    [Theory]
    [InlineData(Coturn, "relay")]
    [InlineData("google", "all")] // a page would wait for ever for a relay that does not exist
    public async Task Relays_only_is_advised_where_there_is_one(string source, string policy)
    {
        await using var world = World([source], o => o with { RelayOnly = true });

        Assert.Equal(policy, (await JsonAsync(await world.SendAsync("GET", "/api/ice-servers", null))).GetProperty("iceTransportPolicy").GetString());
    }

    [Fact]
    public async Task The_endpoint_is_for_the_same_origins_as_offers_and_is_limited_as_starts_are()
    {
        await using var world = World([Coturn], o => o with { AllowedOrigins = ["https://app.example"], Limits = new() { OffersPerSecond = 1 } });
        world.Server.BaseAddress = new Uri("http://voice.example");

        var foreign = await FromAsync("https://evil.example");
        var own = await FromAsync("https://app.example");
        Assert.False(foreign.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal("https://app.example", own.Headers.GetValues("Access-Control-Allow-Origin").Single());

        async Task<HttpResponseMessage> FromAsync(string origin)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/api/ice-servers");
            request.Headers.Add("Origin", origin);
            return await world.Http.SendAsync(request, Cancel);
        }
    }

    [Fact]
    public async Task Who_asks_too_often_gets_503()
    {
        await using var world = World([Coturn], o => o with { Limits = new() { OffersPerSecond = 1 } });

        var statuses = new List<HttpStatusCode>();
        for (int i = 0; i < 3; i++) statuses.Add((HttpStatusCode)(await world.Server.SendAsync(c => { c.Request.Path = "/api/ice-servers"; c.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.1"); }, Cancel)).Response.StatusCode);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable], statuses);
    }

    [Theory]
    [InlineData("voice.example:7860", null, "voice.example")]
    [InlineData("[2001:db8::1]:7860", null, "2001:db8::1")]
    [InlineData("localhost:7860", "public.example, inner.example", "public.example")]
    [InlineData("localhost", "in/valid", null)]
    public async Task A_local_source_learns_by_which_host_the_client_came(string host, string? forwarded, string? expected)
    {
        var source = new Asked();
        await using var world = new VoiceWorld(with: o => o with { IceSources = [source] });

        await world.Server.SendAsync(context =>
        {
            (context.Request.Path, context.Request.Host) = ("/api/ice-servers", new(host));
            if (forwarded is not null) context.Request.Headers["X-Forwarded-Host"] = forwarded;
        }, Cancel);

        Assert.Equal([expected], source.Hosts);
    }

    [Theory]
    [InlineData("down")]
    [InlineData("silent")]
    [InlineData("429")]
    [InlineData("garbage")]
    public async Task Whatever_a_provider_does_offers_are_answered_and_it_shows(string trouble)
    {
        _provider.Answers(trouble switch
        {
            "down" => _ => throw new HttpRequestException(HttpRequestError.ConnectionError),
            "silent" => SilentAsync,
            "429" => _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.TooManyRequests)),
            _ => _ => Task.FromResult(new HttpResponseMessage { Content = new StringContent("<html>") }),
        });
        await using var world = World(["cloudflare:key-id=i,api-token=s3cret-of-ours"]);

        await world.CallAsync("abcd"); // at once: time stands still
        var starting = world.SendAsync("POST", "/start", "");
        if (trouble == "silent") await world.WaitOutAsync(TimeSpan.FromSeconds(1), starting);
        Assert.Equal(["sessionId"], (await JsonAsync(await starting)).EnumerateObject().Select(p => p.Name));

        string ready = await world.Http.GetStringAsync("/readyz", Cancel);
        var state = JsonElement.Parse(ready).GetProperty("iceSources")[0];
        Assert.Equal(("cloudflare", "browser", trouble == "silent" ? "waiting" : "failing"), (Text(state, "name"), Text(state, "for"), Text(state, "state")));
        if (trouble != "silent") Assert.NotEmpty(Text(state, "error"));
        Assert.DoesNotContain("s3cret", ready, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_is_slow_holds_up_one_start_for_a_second_and_serves_whoever_comes_later()
    {
        var slow = new TaskCompletionSource();
        _provider.Answers(async cancel =>
        {
            await slow.Task.WaitAsync(cancel);
            return new HttpResponseMessage(HttpStatusCode.Created) { Content = new StringContent(FakeProvider.Cloudflare()) };
        });
        await using var world = World(["cloudflare:key-id=i,api-token=t"]);

        await world.CallAsync("abcd"); // at once: time stands still
        var first = world.SendAsync("POST", "/start", "");
        await world.WaitOutAsync(TimeSpan.FromSeconds(1), first);
        Assert.False((await JsonAsync(await first)).TryGetProperty("iceConfig", out _));

        slow.SetResult();
        await world.Calls.IceServers.Settled.WaitAsync(Cancel);
        Assert.True((await JsonAsync(await world.SendAsync("POST", "/start", ""))).TryGetProperty("iceConfig", out _));
        Assert.Equal("fresh", Text(JsonElement.Parse(await world.Http.GetStringAsync("/readyz", Cancel)).GetProperty("iceSources")[0], "state"));
    }

    [Fact]
    public async Task Readiness_tells_how_each_source_is()
    {
        _provider.Answers(FakeProvider.Cloudflare(), 201, skew: TimeSpan.FromMinutes(5));
        await using var world = World(["cloudflare:key-id=i,api-token=t,name=cf", "google"]);
        await world.Calls.IceServers.Settled.WaitAsync(Cancel);

        var states = JsonElement.Parse(await world.Http.GetStringAsync("/readyz", Cancel)).GetProperty("iceSources").EnumerateArray().ToArray();

        Assert.Equal(["cf", "cf", "google"], states.Select(s => Text(s, "name")));
        Assert.Equal(["fresh", "fresh", "local"], states.Select(s => Text(s, "state")));
        Assert.Equal(["name", "for", "state", "lastSuccess", "expiresAt", "clockSkewSeconds"], states[0].EnumerateObject().Select(p => p.Name));
        Assert.InRange(states[0].GetProperty("clockSkewSeconds").GetInt32(), 299, 300);
    }

    [Fact]
    public async Task A_call_that_outlives_its_credential_is_given_another_before_it_ends()
    {
        await using var world = World([Coturn], o => o with { IceLifetime = TimeSpan.FromHours(1) });
        string session = await world.StartSessionAsync();
        await world.CallAsync("abcd", session: session);
        var peer = world.Peers.Latest;
        peer.Connect();
        peer.Say(VoiceWorld.ClientReady("1"));
        Assert.Contains("bot-ready", await peer.HeardAsync(), StringComparison.Ordinal);

        await world.AdvanceAsync(TimeSpan.FromMinutes(30));
        var message = JsonElement.Parse(await peer.HeardAsync());

        Assert.Equal("server-message", Text(message, "type"));
        var data = message.GetProperty("data");
        Assert.Equal(["type", "iceServers", "expiresAt", "ttl"], data.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("ice-servers", 3600), (Text(data, "type"), data.GetProperty("ttl").GetInt32()));
        Assert.StartsWith($"{world.Time.GetUtcNow().AddHours(1).ToUnixTimeSeconds()}:b-", data.GetProperty("iceServers")[1].GetProperty("username").GetString(), StringComparison.Ordinal);

        await world.AdvanceAsync(TimeSpan.FromMinutes(30));
        Assert.Contains("ice-servers", await peer.HeardAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_that_lasts_for_years_ends_no_call()
    {
        long expiry = _provider.Time.GetUtcNow().AddDays(3650).ToUnixTimeSeconds();
        await using var world = new VoiceWorld(with: o => o with { IceServers = [new IceServer(["turn:a.example"], $"{expiry}:u", "p")] }, time: _provider.Time);
        string session = await world.StartSessionAsync();
        await world.CallAsync("abcd", session: session);
        await world.AdvanceAsync(TimeSpan.FromDays(1));
        await world.AdvanceAsync(TimeSpan.FromDays(1));

        Assert.False(Assert.Single(world.Calls.Snapshot()).Ended.IsCompleted);
    }

    [Fact]
    public async Task A_call_whose_provider_is_down_keeps_asking_for_new_credentials()
    {
        _provider.Answers(FakeProvider.Cloudflare(), 201).Answers(FakeProvider.Cloudflare(), 201).Answers("", 500);
        await using var world = World(["cloudflare:key-id=i,api-token=t"], o => o with { IceLifetime = TimeSpan.FromHours(1) });
        await world.Calls.IceServers.Settled.WaitAsync(Cancel);
        string session = await world.StartSessionAsync();
        await world.CallAsync("abcd", session: session);
        var peer = world.Peers.Latest;
        peer.Connect();
        peer.Say(VoiceWorld.ClientReady("1"));
        await peer.HeardAsync();

        await world.AdvanceAsync(TimeSpan.FromMinutes(30)); // nothing newer yet: nothing is said
        _provider.Answers(FakeProvider.Cloudflare(), 201);
        for (int i = 0; i < 10; i++) await world.AdvanceAsync(TimeSpan.FromMinutes(5));

        Assert.Contains("ice-servers", await peer.HeardAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_becomes_of_a_source_is_one_line_and_another_when_it_changes()
    {
        var lines = new Lines();
        var log = new IceSourceLog(lines);
        var now = DateTimeOffset.UnixEpoch;
        var fresh = new IceSourceState("cf", IceAudience.Browser, IceSourceHealth.Fresh, 2, now, now.AddHours(24));
        var failed = new IceSourceState("cf", IceAudience.Browser, IceSourceHealth.Failing, Error: "the key is refused (401)", RetryIn: TimeSpan.FromSeconds(4.2));

        foreach (var state in new[]
        {
            failed, failed, fresh, fresh, failed with { Health = IceSourceHealth.Stale }, fresh with { ClockSkew = TimeSpan.FromMinutes(-10) },
            new("list", IceAudience.Backend, IceSourceHealth.Fresh, 1, now, Warnings: ["host-is-private"]), new("own", null, IceSourceHealth.Failing, Error: "no address"),
        }) log.Observe(state);

        Assert.Equal(
        [
            "ICE source cf has nothing for browsers: the key is refused (401); next try in 5 s",
            "ICE source cf has granted 2 servers to browsers, for 24 h",
            "ICE source cf does not renew what it gave to browsers, which serves until it expires: the key is refused (401); next try in 5 s",
            "ICE source cf has granted 2 servers to browsers, for 24 h",
            "ICE source cf: its clock is 600 s behind this machine's; set this machine's clock by NTP, or its credentials expire too early",
            "ICE source list has granted 1 servers to this backend, for good",
            "ICE source list has granted servers that are odd: host-is-private",
            "ICE source own has nothing: no address",
        ], lines.Written);
    }

    private static async Task<HttpResponseMessage> SilentAsync(CancellationToken cancel)
    {
        await new TaskCompletionSource().Task.WaitAsync(cancel);
        return null!;
    }

    private VoiceWorld World(string[] sources, Func<VoiceServerOptions, VoiceServerOptions>? with = null) => new(with: o =>
    {
        o = o with { IceSources = [.. sources.Select(_provider.Source)] };
        return with?.Invoke(o) ?? o;
    }, time: _provider.Time);

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    private static string Text(JsonElement value, string name) => value.GetProperty(name).GetString()!;

    private sealed class Asked : IIceServerSource
    {
        public List<string?> Hosts { get; } = [];

        public string Name => "asked";

        public bool IsLocal => true;

        public ValueTask<IceServerGrant> MintAsync(IceServerRequest request, CancellationToken cancel)
        {
            Hosts.Add(request.Host);
            return new(IceServerGrant.None);
        }
    }

    private sealed class Lines : ILogger
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Written.Add(formatter(state, exception));
    }
}
