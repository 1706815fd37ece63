using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Thaw.Net.Gathering;
using Thaw.Probes;
using Thaw.Tests.IceServers;
using Thaw.Voice;
using Thaw.Voice.Watching;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>A server that uses its own ICE servers, and who may ask for that.</summary>
public sealed class ServerProbesTests : IDisposable
{
    private const string Relay = "turn:relay.example", Stun = "stun:198.51.100.7";

    private readonly ConcurrentQueue<IReadOnlyList<ProbeTarget>> _rounds = new();
    private readonly SemaphoreSlim _begun = new(0);
    private readonly Lines _lines = new();
    private Func<ProbeTarget, UrlReport> _answer = static target => new() { Url = target.Text, Status = ProbeStatus.Ok, Steps = [new("dns", true, 2), new("challenge", true, 40)] };
    private Task _held = Task.CompletedTask;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _begun.Dispose();
        _lines.Dispose();
    }

    [Fact]
    public async Task What_each_server_is_worth_stands_in_readiness()
    {
        _answer = static target => target.Text == Relay ? new() { Url = Relay, Status = ProbeStatus.Failed, Cause = Causes.BadCredentials, Proof = "198.51.100.9 says 401" } : new() { Url = target.Text, Status = ProbeStatus.Ok, Steps = [new("dns", true, 2), new("binding", true, 40)] };
        await using var world = World();
        Assert.False(JsonElement.Parse(await world.Http.GetStringAsync("/readyz", Cancel)).TryGetProperty("iceServers", out _));
        await world.Calls.Probes.NowAsync();

        string ready = await world.Http.GetStringAsync("/readyz", Cancel);

        Assert.Equal(
            """[{"url":"stun:198.51.100.7","status":"ok","milliseconds":42,"at":"2000-01-01T00:00:00Z"},{"url":"turn:relay.example","status":"failed","cause":"turn-bad-credentials","milliseconds":0,"at":"2000-01-01T00:00:00Z"}]""",
            JsonElement.Parse(ready).GetProperty("iceServers").GetRawText());
        Assert.DoesNotContain("s3cret", ready, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_has_one_line_for_each_server_and_another_when_its_outcome_changes()
    {
        var fault = new UrlReport { Url = Relay, Status = ProbeStatus.Failed, Cause = Causes.BadCredentials, Why = "198.51.100.9 refuses", Proof = "s3cret" };
        _answer = target => target.Text == Relay ? fault : new() { Url = target.Text, Status = ProbeStatus.Ok };
        await using var world = World();
        await world.Calls.Probes.NowAsync();
        await AgainAsync();
        (fault, string first) = (fault with { Status = ProbeStatus.Warning, Cause = Causes.QuotaReached }, Said());
        await AgainAsync();

        Assert.Equal($"ICE server {Stun} works: used as a caller would, in 0 ms|ICE server {Relay} does not work: turn-bad-credentials, after 0 ms; \"thaw ice\" says more", first);
        Assert.Equal($"{first}|ICE server {Relay} works, but turn-quota-reached, in 0 ms; \"thaw ice\" says more", Said());

        Task AgainAsync()
        {
            world.Time.Advance(ServerProbes.Pause);
            return world.Calls.Probes.NowAsync();
        }

        string Said() => string.Join('|', _lines.Written.Where(line => line.StartsWith("ICE server", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Nothing_waits_for_a_probe_that_never_ends()
    {
        _held = new TaskCompletionSource().Task;
        await using var world = World();
        world.Calls.Probes.Start();
        await BegunAsync();

        await world.CallAsync("abcd");
        Assert.NotEmpty(await world.StartSessionAsync());
        Assert.Equal("ready", JsonElement.Parse(await world.Http.GetStringAsync("/readyz", Cancel)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_round_without_end_is_given_up_after_fifteen_seconds()
    {
        _held = new TaskCompletionSource().Task;
        await using var world = World();
        var asking = AskAsync(world, "/api/ice-servers", "127.0.0.1", "localhost", "", "");
        await BegunAsync();

        await world.WaitOutAsync(ServerProbes.LongestRound, asking);

        Assert.Equal(HttpStatusCode.OK, (HttpStatusCode)(await asking).Response.StatusCode);
        Assert.Contains("ICE servers could not be tried", _lines.Written);
    }

    [Fact]
    public async Task Many_who_ask_at_once_are_one_round_and_the_next_may_begin_after_the_pause()
    {
        var held = new TaskCompletionSource();
        _held = held.Task;
        await using var world = World();

        var asking = Enumerable.Range(0, 10).Select(_ => world.Calls.Probes.NowAsync()).ToArray();
        await BegunAsync();
        held.SetResult();
        await Task.WhenAll(asking);
        world.Time.Advance(ServerProbes.Pause - TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await world.Calls.Probes.NowAsync()).Count);
        Assert.Single(_rounds);

        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.Calls.Probes.NowAsync();
        Assert.Equal(2, _rounds.Count);
    }

    [Fact]
    public async Task A_change_of_what_is_granted_is_followed_by_a_round_after_the_pause()
    {
        var provider = new FakeProvider().Answers(FakeProvider.Cloudflare("one.example"), 201).Answers(FakeProvider.Cloudflare("one.example"), 201).Answers(FakeProvider.Cloudflare("two.example"), 201);
        await using var world = new VoiceWorld(with: o => With(o) with { IceServers = [], IceSources = [provider.Source("cloudflare:key-id=i,api-token=t")], IceLifetime = TimeSpan.FromSeconds(20) }, time: provider.Time);
        await world.Calls.IceServers.Settled.WaitAsync(Cancel);
        world.Calls.Probes.Start();
        await BegunAsync();
        await world.Calls.Probes.NowAsync();

        await world.WaitOutAsync(ServerProbes.Pause, BegunAsync());

        Assert.DoesNotContain(_rounds.First(), target => target.Url.Host == "two.example");
        Assert.Contains(_rounds.Last(), target => target.Url.Host == "two.example");
    }

    [Fact]
    public async Task A_probe_that_fails_itself_is_told_and_ends_nothing()
    {
        _answer = static _ => throw new InvalidOperationException("a bug");
        await using var world = World();

        Assert.Empty(await world.Calls.Probes.NowAsync());
        Assert.Contains("ICE servers could not be tried", _lines.Written);
    }

    [Theory]
    [InlineData("127.0.0.1", "localhost:7860", "", "", HttpStatusCode.OK)]
    [InlineData("::1", "[::1]:7860", "", "", HttpStatusCode.OK)]
    [InlineData("192.0.2.7", "localhost:7860", "", "", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", "voice.example", "", "", HttpStatusCode.Forbidden)] // a proxy here, or a name that was bound anew
    [InlineData("127.0.0.1", "localhost:7860", "X-Forwarded-For", "192.0.2.7", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", "localhost:7860", "Origin", "https://evil.example", HttpStatusCode.Forbidden)]
    public async Task Without_a_token_only_this_machine_may_ask(string remote, string host, string header, string value, HttpStatusCode expected)
    {
        await using var world = World();
        foreach (string path in (string[])["/metrics", "/api/ice-servers"])
            Assert.Equal(expected, (HttpStatusCode)(await AskAsync(world, path, remote, host, header, value)).Response.StatusCode);
        Assert.Equal(expected is HttpStatusCode.OK ? 1 : 0, _rounds.Count);
    }

    [Theory]
    [InlineData("Bearer of-mine", HttpStatusCode.OK)]
    [InlineData("bearer of-mine", HttpStatusCode.OK)]
    [InlineData("Bearer of-yours", HttpStatusCode.Unauthorized)]
    [InlineData("of-mine", HttpStatusCode.Unauthorized)]
    [InlineData("", HttpStatusCode.Unauthorized)]
    public async Task With_a_token_whoever_has_it_may_ask_from_anywhere_and_nobody_else(string authorization, HttpStatusCode expected)
    {
        await using var world = World(o => o with { MetricsToken = "of-mine" });
        foreach (string remote in (string[])["192.0.2.7", "127.0.0.1"])
            Assert.Equal(expected, (HttpStatusCode)(await AskAsync(world, "/metrics", remote, "voice.example", "Authorization", authorization)).Response.StatusCode);
    }

    [Fact]
    public async Task Who_only_wants_servers_starts_no_probe()
    {
        await using var world = World();

        string answer = await world.Http.GetStringAsync("/api/ice-servers", Cancel);

        Assert.Empty(_rounds);
        Assert.DoesNotContain("probes", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operator_gets_what_the_servers_are_worth_beside_them()
    {
        await using var world = World();
        var context = await AskAsync(world, "/api/ice-servers", "127.0.0.1", "localhost", "", "");

        using var reader = new StreamReader(context.Response.Body);
        var answer = JsonElement.Parse(await reader.ReadToEndAsync(Cancel));
        Assert.Equal([Stun, Relay], answer.GetProperty("probes").EnumerateArray().Select(p => p.GetProperty("url").GetString()));
    }

    [Fact]
    public async Task Metrics_tell_of_servers_sources_and_calls_and_name_no_client_and_no_secret()
    {
        _answer = static target => new() { Url = target.Text, Status = target.Text == Relay ? ProbeStatus.Failed : ProbeStatus.Ok, Cause = target.Text == Relay ? Causes.NoCapacity : null, Steps = [new("dns", true, 250)] };
        await using var world = World();
        await world.Calls.Probes.NowAsync();
        await world.ConnectAsync();

        using var reader = new StreamReader((await AskAsync(world, "/metrics", "127.0.0.1", "localhost", "", "")).Response.Body);
        string[] lines = (await reader.ReadToEndAsync(Cancel)).Split('\n');

        Assert.All((string[])
        [
            $"thaw_ice_server_up{{server=\"{Stun}\"}} 1", $"thaw_ice_server_up{{server=\"{Relay}\"}} 0",
            $"thaw_ice_server_fault{{server=\"{Relay}\",cause=\"turn-no-capacity\"}} 1",
            $"thaw_ice_server_probe_seconds{{server=\"{Relay}\"}} 0.25", $"thaw_ice_server_probed_seconds{{server=\"{Relay}\"}} 946684800",
            "thaw_ice_source_up{source=\"ice-servers\",for=\"both\"} 1",
            "thaw_voice_calls 1", "thaw_voice_calls_limit 100", "thaw_voice_calls_started_total 1", "thaw_voice_calls_connected_total 1", "thaw_voice_connections_failed_total 0", "thaw_voice_sessions 0",
        ], line => Assert.Contains(line, lines));
        Assert.Contains(lines, line => line.StartsWith("process_cpu_seconds_total ", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("s3cret", StringComparison.Ordinal));
    }

    private static Task<HttpContext> AskAsync(VoiceWorld world, string path, string remote, string host, string header, string value) => world.Server.SendAsync(context =>
    {
        (context.Request.Path, context.Request.Host, context.Connection.RemoteIpAddress) = (path, new(host), IPAddress.Parse(remote));
        context.Request.QueryString = new("?probe=1");
        if (header.Length > 0) context.Request.Headers[header] = value;
    }, Cancel);

    private Task BegunAsync() => _begun.WaitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);

    private VoiceWorld World(Func<VoiceServerOptions, VoiceServerOptions>? with = null) => new(with: o => with?.Invoke(With(o)) ?? With(o));

    private VoiceServerOptions With(VoiceServerOptions options) => options with
    {
        IceServers = [new IceServer([Stun]), new IceServer([Relay], "u", "s3cret")],
        Logging = logging => logging.AddProvider(_lines),
        IceProber = async (targets, _, cancel) =>
        {
            _rounds.Enqueue(targets);
            _begun.Release();
            await _held.WaitAsync(cancel);
            return new IceReport([.. targets.Select(_answer)], [], 1);
        },
    };

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Written { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Written.Enqueue(formatter(state, exception));

        public void Dispose()
        {
            // Nothing to close.
        }
    }
}
