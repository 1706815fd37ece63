using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Thaw.Voice;
using Xunit;

namespace Thaw.Tests.Voice;

public sealed class EndpointTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_root_leads_to_the_page_and_the_page_has_a_strict_policy()
    {
        await using var world = new VoiceWorld();

        var root = await world.SendAsync("GET", "/", null);
        var page = await world.SendAsync("GET", "/client/", null);

        Assert.Equal((HttpStatusCode)307, root.StatusCode);
        Assert.Equal("/client/", root.Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        string policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("no-cache", page.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Status_health_and_readiness_answer()
    {
        await using var world = new VoiceWorld();

        Assert.Equal("""{"status":"ready","transports":["webrtc"]}""", await world.Http.GetStringAsync("/status", Cancel));
        Assert.Equal(HttpStatusCode.OK, (await world.SendAsync("GET", "/healthz", null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.SendAsync("GET", "/readyz", null)).StatusCode);
    }

    [Fact]
    public async Task A_draining_server_is_alive_but_not_ready_and_every_newcomer_is_told_to_try_again()
    {
        await using var world = new VoiceWorld();
        world.Calls.Drain();

        Assert.Equal(HttpStatusCode.OK, (await world.SendAsync("GET", "/healthz", null)).StatusCode);
        foreach (var response in new[]
        {
            await world.SendAsync("GET", "/readyz", null), await world.PostOfferAsync("abcd"), await world.SendAsync("POST", "/start", "{}"),
        })
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
            Assert.NotEmpty(await VoiceWorld.DetailAsync(response));
        }
    }

    // Row 4: the stock client parses error bodies as JSON outside any try; a body that is not leaves it waiting for ever.
    [Theory]
    [InlineData("GET", "/nowhere", null, 404)]
    [InlineData("GET", "/client/nothing.js", null, 404)]
    [InlineData("POST", "/client/", "{}", 405)]
    [InlineData("GET", "/api/offer", null, 405)]
    [InlineData("DELETE", "/api/offer", null, 405)]
    [InlineData("GET", "/start", null, 405)]
    [InlineData("POST", "/status", "{}", 405)]
    [InlineData("POST", "/api/offer", "", 400)]
    [InlineData("POST", "/api/offer", "null", 400)]
    [InlineData("POST", "/api/offer", "[]", 400)]
    [InlineData("POST", "/api/offer", "{\"sdp\":", 400)]
    [InlineData("POST", "/api/offer", "{}", 400)]
    [InlineData("POST", "/api/offer", """{"sdp":"","type":"offer"}""", 400)]
    [InlineData("POST", "/api/offer", """{"sdp":"v=0","type":"answer"}""", 400)]
    [InlineData("POST", "/api/offer", """{"sdp":7,"type":"offer"}""", 400)]
    [InlineData("POST", "/api/offer", """{"sdp":"v=0","type":"offer","pc_id":7}""", 400)]
    [InlineData("POST", "/sessions/none/api/offer", """{"sdp":"v=0","type":"offer"}""", 404)]
    [InlineData("PATCH", "/sessions/none/api/offer", """{"pc_id":"x","candidates":[]}""", 404)]
    [InlineData("GET", "/sessions/none/anything", null, 404)]
    [InlineData("PATCH", "/api/offer", "{}", 400)]
    [InlineData("PATCH", "/api/offer", """{"pc_id":null,"candidates":[]}""", 400)]
    [InlineData("PATCH", "/api/offer", """{"pc_id":"x"}""", 400)]
    [InlineData("PATCH", "/api/offer", """{"pc_id":"x","candidates":{}}""", 400)]
    [InlineData("PATCH", "/api/offer", """{"pc_id":"x","candidates":[null]}""", 400)]
    [InlineData("PATCH", "/api/offer", """{"pc_id":"x","candidates":[{"candidate":null}]}""", 400)]
    [InlineData("PATCH", "/api/offer", """{"pc_id":"x","candidates":[{"candidate":"candidate:1"}]}""", 404)]
    [InlineData("POST", "/start", """{"transport":"daily"}""", 400)]
    [InlineData("GET", "/api/calls/none/verdict", null, 404)]
    [InlineData("POST", "/api/calls/none/verdict", "{}", 405)]
    public async Task Row_4_every_error_has_a_JSON_body_with_a_detail(string method, string path, string? body, int status)
    {
        await using var world = new VoiceWorld();

        var response = await world.SendAsync(method, path, body);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.NotEmpty(await VoiceWorld.DetailAsync(response));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    public async Task Row_4_also_for_another_content_type_and_for_too_much(string method)
    {
        await using var world = new VoiceWorld();

        var form = await world.SendAsync(method, "/api/offer", "a=b", "application/x-www-form-urlencoded");
        var large = await world.SendAsync(method, "/api/offer", $$"""{"sdp":"{{new string('x', 300_000)}}"}""");

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        Assert.NotEmpty(await VoiceWorld.DetailAsync(form));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.NotEmpty(await VoiceWorld.DetailAsync(large));
    }

    [Fact]
    public async Task Row_4_also_when_we_ourselves_fail()
    {
        await using var world = new VoiceWorld(() => throw new InvalidOperationException("no agent today"));

        var response = await world.PostOfferAsync("abcd");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.DoesNotContain("no agent today", await VoiceWorld.DetailAsync(response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")] // what JSON.stringify(undefined) sends
    [InlineData("not JSON")]
    [InlineData("[1]")]
    [InlineData("""{"createDailyRoom":false,"enableDefaultIceServers":true,"transport":"webrtc"}""")]
    public async Task Starting_takes_any_body_and_answers_a_session_without_a_null_in_it(string body)
    {
        await using var world = new VoiceWorld();

        var response = await world.SendAsync("POST", "/start", body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal(["sessionId"], answer.EnumerateObject().Select(p => p.Name)); // iceConfig absent, never null
        Assert.True(Guid.TryParse(answer.GetProperty("sessionId").GetString(), out _));
    }

    [Fact]
    public async Task A_session_takes_offers_and_answers_nothing_to_other_paths_until_it_expires()
    {
        await using var world = new VoiceWorld();
        string session = await world.StartSessionAsync();

        var other = await world.SendAsync("PUT", $"/sessions/{session}/whatever/it/is", "{}");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Empty(await other.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await world.SendAsync("GET", $"/sessions/{session}/api/offer", null)).StatusCode);
        string pcId = await world.CallAsync("abcd", session: session);
        var patch = await world.SendAsync("PATCH", $"/sessions/{session}/api/offer", $$"""{"pc_id":"{{pcId}}","candidates":[]}""");
        Assert.Equal("""{"status":"success"}""", await patch.Content.ReadAsStringAsync(Cancel));

        string unused = await world.StartSessionAsync();
        world.Time.Advance(new CallLimits().Session);
        Assert.Equal(HttpStatusCode.NotFound, (await world.PostOfferAsync("efgh", session: unused)).StatusCode);
    }

    [Fact]
    public async Task Sessions_are_bounded()
    {
        await using var world = new VoiceWorld(with: o => o with { MaxSessions = 1, Limits = new() { OffersPerSecond = 1000 } });

        HttpResponseMessage response;
        int given = 0;
        while ((response = await world.SendAsync("POST", "/start", "")).IsSuccessStatusCode) Assert.True(++given < 1000);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        world.Time.Advance(new CallLimits().Session);
        Assert.Equal(HttpStatusCode.OK, (await world.SendAsync("POST", "/start", "")).StatusCode);
    }

    [Fact]
    public async Task Any_origin_may_call_by_default_and_sees_errors_too()
    {
        await using var world = new VoiceWorld();

        var preflight = await PreflightAsync(world, "https://app.example");
        var missing = await FromAsync(world, "https://app.example", "/nowhere");

        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Contains("PATCH", preflight.Headers.GetValues("Access-Control-Allow-Methods").Single(), StringComparison.Ordinal);
        Assert.Equal("content-type", preflight.Headers.GetValues("Access-Control-Allow-Headers").Single());
        Assert.Equal("*", missing.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task Only_the_origins_asked_for_may_call()
    {
        await using var world = new VoiceWorld(with: o => o with { AllowedOrigins = ["https://app.example/"] });

        Assert.Equal("https://app.example", (await FromAsync(world, "https://app.example", "/status")).Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False((await FromAsync(world, "https://evil.example", "/status")).Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False((await PreflightAsync(world, "https://evil.example")).Headers.Contains("Access-Control-Allow-Methods"));
    }

    private static Task<HttpResponseMessage> FromAsync(VoiceWorld world, string origin, string path)
        => world.Http.SendAsync(new(HttpMethod.Get, path) { Headers = { { "Origin", origin } } }, Cancel);

    private static Task<HttpResponseMessage> PreflightAsync(VoiceWorld world, string origin)
        => world.Http.SendAsync(new(HttpMethod.Options, "/api/offer")
        {
            Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "PATCH" }, { "Access-Control-Request-Headers", "content-type" } },
        }, Cancel);
}
