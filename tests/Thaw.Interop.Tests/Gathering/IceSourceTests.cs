using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Thaw.Interop.Tests.Gathering;

/// <summary>One configuration for both ends, with the real executable, a real relay and a real browser.</summary>
public sealed class IceSourceTests(Chromium chromium)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_shared_secret_gives_this_server_and_a_browser_a_relay_each_under_names_of_their_own()
    {
        using var coturn = Coturn.Start("--use-auth-secret", "--static-auth-secret", Coturn.Secret, "-r", "thaw.test", "--allow-loopback-peers");
        string secret = Path.GetTempFileName();
        await File.WriteAllTextAsync(secret, Coturn.Secret, Cancel);
        await using var server = await ThawProcess.ServeAsync("echo", "--ice-source", $"coturn:host=127.0.0.1,port={coturn.Address.Port},secret-file={secret}");
        await server.LoggedAsync($"ICE server turn:127.0.0.1:{coturn.Address.Port}?transport=udp relays", Soon);

        // As the stock client does: POST /start, and what it gives to the constructor as it is.
        await using var page = await chromium.OpenAsync(server);
        var found = await page.EvaluateAsync("""
            (async () => {
              const response = await (await fetch("/start", { method: "POST", body: JSON.stringify({ transport: "webrtc", enableDefaultIceServers: true }) })).json();
              const connection = new RTCPeerConnection({ iceServers: response.iceConfig.iceServers, iceTransportPolicy: "relay" });
              connection.createDataChannel("chat");
              const relayed = new Promise((resolve) => connection.onicecandidate = ({ candidate }) => candidate?.type === "relay" && resolve(candidate.type));
              await connection.setLocalDescription();
              return { type: await relayed, user: response.iceConfig.iceServers.at(-1).username };
            })()
            """, Soon);

        Assert.Equal("relay", found.GetProperty("type").GetString());
        Assert.Contains(":b-", found.GetProperty("user").GetString(), StringComparison.Ordinal);
        await page.ConnectAsync();
        Assert.DoesNotContain(server.Log, line => line.Contains(Coturn.Secret, StringComparison.Ordinal));
        File.Delete(secret);
    }

    // The client is Pipecat's own, as published; it cannot be told to use relays only, so the browser is.
    [Fact]
    public async Task A_stock_Pipecat_client_that_knows_only_start_calls_through_the_relay()
    {
        using var coturn = Coturn.Start("--use-auth-secret", "--static-auth-secret", Coturn.Secret, "-r", "thaw.test", "--allow-loopback-peers");
        string secret = Path.GetTempFileName();
        await File.WriteAllTextAsync(secret, Coturn.Secret, Cancel);
        await using var server = await ThawProcess.ServeAsync("echo", "--relay", "off", "--ice-source", $"coturn:host=127.0.0.1,port={coturn.Address.Port},secret-file={secret}");

        const string RelayOnly = """
            globalThis.made = [];
            globalThis.RTCPeerConnection = class extends RTCPeerConnection {
              constructor(configuration) {
                super({ ...configuration, iceTransportPolicy: "relay" });
                made.push({ connection: this, servers: configuration?.iceServers ?? [] });
              }
            };
            """;
        string files = Path.Combine(AppContext.BaseDirectory, "stock-page");
        await using var page = await chromium.OpenAsync(server.At("/bench/index.html"), RelayOnly, page => page.RouteAsync(
            "**/bench/**", route => route.FulfillAsync(new() { Path = Path.Combine(files, new Uri(route.Request.Url).AbsolutePath["/bench/".Length..]) })));
        await page.UntilAsync("the page is there", "window.dial", Soon);
        var found = await page.EvaluateAsync("""
            (async () => {
              await dial.prepare();
              await dial.start(); // resolves with bot-ready
              const { connection, servers } = made.at(-1);
              const stats = new Map([...(await connection.getStats())]);
              const transport = [...stats.values()].find((s) => s.type === "transport");
              const pair = stats.get(transport.selectedCandidatePairId);
              return { servers: servers.flatMap((s) => s.urls), local: stats.get(pair.localCandidateId).candidateType, bytes: pair.bytesReceived };
            })()
            """, Soon);

        Assert.Contains($"turn:127.0.0.1:{coturn.Address.Port}?transport=udp", found.GetProperty("servers").EnumerateArray().Select(url => url.GetString()));
        Assert.Equal("relay", found.GetProperty("local").GetString());
        Assert.True(found.GetProperty("bytes").GetInt64() > 0);
        File.Delete(secret);
    }

    [Fact]
    public async Task This_server_has_used_what_it_gives_and_says_so_in_readiness_metrics_and_log()
    {
        using var coturn = Coturn.Start("--use-auth-secret", "--static-auth-secret", Coturn.Secret, "-r", "thaw.test", "--allow-loopback-peers");
        string secret = Path.GetTempFileName();
        await File.WriteAllTextAsync(secret, Coturn.Secret, Cancel);
        string url = $"turn:127.0.0.1:{coturn.Address.Port}?transport=udp";
        await using var server = await ThawProcess.ServeAsync("echo", "--ice-servers", "stun:127.0.0.1:9", "--ice-source", $"coturn:host=127.0.0.1,port={coturn.Address.Port},secret-file={secret}");
        await server.LoggedAsync($"ICE server {url} works", Soon);
        await server.LoggedAsync("ICE server stun:127.0.0.1:9 does not work: stun-unreachable", Soon);

        using var http = new HttpClient { BaseAddress = server.Url };
        var ready = (await http.GetFromJsonAsync<JsonElement>("/readyz", Cancel)).GetProperty("iceServers").EnumerateArray().ToDictionary(s => s.GetProperty("url").GetString()!, s => s.GetProperty("status").GetString());
        Assert.Equal(("ok", "failed"), (ready[url], ready["stun:127.0.0.1:9"]));
        string[] metrics = (await http.GetStringAsync("/metrics", Cancel)).Split('\n');
        Assert.Contains($"thaw_ice_server_up{{server=\"{url}\"}} 1", metrics);
        Assert.Contains("thaw_ice_server_up{server=\"stun:127.0.0.1:9\"} 0", metrics);
        Assert.Contains(metrics, line => line.StartsWith("thaw_relay_", StringComparison.Ordinal)); // the one inside
        Assert.True((await http.GetFromJsonAsync<JsonElement>("/api/ice-servers?probe=1", Cancel)).TryGetProperty("probes", out _));
        Assert.DoesNotContain(server.Log, line => line.Contains(Coturn.Secret, StringComparison.Ordinal));
        File.Delete(secret);
    }

    [Fact]
    public async Task A_provider_over_HTTP_is_asked_for_both_ends_and_a_call_waits_for_none_of_it()
    {
        using var coturn = Coturn.StartWithPassword();
        int asked = 0;
        await using var provider = await ProviderAsync(async context =>
        {
            Interlocked.Increment(ref asked);
            context.Response.StatusCode = StatusCodes.Status201Created;
            await context.Response.WriteAsync($$"""{"iceServers":[{"urls":["turn:127.0.0.1:{{coturn.Address.Port}}?transport=udp"],"username":"user","credential":"pass"}]}""");
        });
        await using var server = await ThawProcess.ServeAsync("echo", "--ice-source", $"cloudflare:key-id=id,api-token=token,url={provider.Urls.Single()}");
        await server.LoggedAsync("ICE server turn:127.0.0.1", Soon);

        using var http = new HttpClient { BaseAddress = server.Url };
        var answer = await http.GetFromJsonAsync<JsonElement>("/api/ice-servers", Cancel);
        Assert.Equal("user", answer.GetProperty("iceServers")[0].GetProperty("username").GetString());
        Assert.InRange(answer.GetProperty("ttl").GetInt32(), 86_300, 86_400);
        Assert.Equal(2, Volatile.Read(ref asked));
    }

    [Fact]
    public async Task A_provider_that_never_answers_holds_up_no_call_and_shows_in_readiness()
    {
        var never = new TaskCompletionSource();
        await using var provider = await ProviderAsync(_ => never.Task);
        await using var server = await ThawProcess.ServeAsync("echo", "--ice-source", $"cloudflare:key-id=id,api-token=token,url={provider.Urls.Single()}");
        await using var page = await chromium.OpenAsync(server);
        await page.ConnectAsync();

        await server.LoggedAsync("ICE source cloudflare has nothing for browsers: no answer within 5 s", Soon);
        using var http = new HttpClient { BaseAddress = server.Url };
        var state = (await http.GetFromJsonAsync<JsonElement>("/readyz", Cancel)).GetProperty("iceSources")[0];
        Assert.Equal(("failing", "no answer within 5 s"), (state.GetProperty("state").GetString(), state.GetProperty("error").GetString()));
        never.SetResult();
    }

    [Theory]
    [InlineData("coturn:host=a.example", "--ice-source: coturn wants the secret that it shares with the relay")]
    [InlineData("nobody", "--ice-source: no preset \"nobody\"")]
    public async Task A_wrong_source_is_a_usage_error(string source, string said)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => ThawProcess.ServeAsync("echo", "--ice-source", source));
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> ProviderAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var provider = builder.Build();
        provider.Run(answer);
        await provider.StartAsync(Cancel);
        return provider;
    }
}
