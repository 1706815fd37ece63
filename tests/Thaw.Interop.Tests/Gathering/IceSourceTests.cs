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
