using System.Net;
using System.Text.Json;
using Thaw.Cli;
using Thaw.Cli.Top;
using Thaw.Cli.Verbs;
using Thaw.Relay.Admin;
using Thaw.Tests.Relay;
using Xunit;

namespace Thaw.Tests.Cli;

/// <summary><c>thaw relay top</c>.</summary>
public sealed class RelayTopTests
{
    [Fact]
    public async Task Two_looks_a_second_apart_are_a_page_for_a_person()
    {
        await using var relay = new WatchedRelay(loops: 1);
        await relay.AllocateAsync(0, 5000, packets: 10);
        await relay.AllocateAsync(0, 5001, packets: 30);
        await relay.OnAsync(0, table => table.Client(port: 5002, user: "mallory").Allocate().Code);
        var (exit, text) = await LookAsync(relay, isJson: false);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Contains("ready", text, StringComparison.Ordinal);
        Assert.Contains("Allocations  2 (quota 2 of 10000)   ports ipv4 2 of 16384, ipv6 0 of 16384", text, StringComparison.Ordinal);
        Assert.Contains("refused 401 1", text, StringComparison.Ordinal);
        Assert.Contains("401  unknown-user  Allocate  mallory", text, StringComparison.Ordinal);
        Assert.True(text.IndexOf(":5001", StringComparison.Ordinal) < text.IndexOf(":5000", StringComparison.Ordinal), "The busiest come first.");
        Assert.DoesNotContain("192.0.2.7", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\e", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_is_a_document_for_a_program()
    {
        await using var relay = new WatchedRelay(loops: 1);
        await relay.AllocateAsync(0, 5000, packets: 10);
        var (_, text) = await LookAsync(relay, isJson: true, showsAddresses: true);

        var report = JsonDocument.Parse(text).RootElement;
        Assert.Equal(1, report.GetProperty("schemaVersion").GetInt32());
        Assert.Equal("ready", report.GetProperty("status").GetString());
        Assert.Equal(0, report.GetProperty("exitCode").GetInt32());
        Assert.Equal(1000, report.GetProperty("toPeers").GetProperty("bytes").GetInt32());
        Assert.Equal("192.0.2.7:5000", report.GetProperty("allocations")[0].GetProperty("client").GetString());
    }

    [Fact]
    public async Task A_relay_in_which_something_has_died_is_shown_and_exits_with_2()
    {
        await using var relay = new WatchedRelay(loops: 2);
        await relay.AllocateAsync(0, 5000);
        await relay.CrashAsync(1);
        var (exit, text) = await LookAsync(relay, isJson: false);

        Assert.Equal(ExitCode.Found, exit);
        Assert.Contains("Loop 1 has died", text, StringComparison.Ordinal);
        Assert.Contains(":5000", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_missing_is_asked_for()
    {
        await using var relay = new WatchedRelay(token: "s3cret");
        var refused = await Assert.ThrowsAsync<RelayLookException>(() => RelayLook.TakeAsync(relay.Http, false, relay.Time, WatchedRelay.Cancel));
        Assert.Contains("401", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--admin-token", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_listens_or_something_else_does_that_is_said()
    {
        var nobody = await AskAsync(_ => throw new HttpRequestException("Connection refused"));
        Assert.Equal("No relay can be asked at http://127.0.0.1:9641/: Connection refused. Does it run with --admin-port?", nobody);

        string other = await AskAsync(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("<html>") });
        Assert.Equal("What answers at http://127.0.0.1:9641/ is no relay's admin port.", other);

        string silent = await AskAsync(_ => throw new TaskCanceledException());
        Assert.Equal("The relay at http://127.0.0.1:9641/ does not answer within 3 s.", silent);
    }

    [Fact]
    public void Nothing_that_came_over_the_network_moves_the_cursor_or_is_longer_than_the_line()
    {
        var allocation = new AllocationBody(
            "0-0", "ev\e[2Jil\r\n", "udp", new string('c', 300), [], [], 0, 0, 1, 1, new TrafficBody(0, 0, 0, 0), new TrafficBody(0, 0, 0, 0), 1);
        var look = new RelayLook(new HealthBody("ready", [], null), MetricsText.Empty, 50, [.. Enumerable.Repeat(allocation, 50)],
            [new EventBody(default, 2, "x\e", "y\e", "Allocate", 401, "user", "somebody", null, null)]);
        var lines = new TopView(80, 24, isColoured: false).Render(look, look, trouble: new string('t', 300));

        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.All(lines, line => Assert.DoesNotContain(line, char.IsControl));
        Assert.InRange(lines.Count, 10, 24);
        Assert.Contains(lines, line => line.StartsWith("and ", StringComparison.Ordinal) && line.EndsWith(" more", StringComparison.Ordinal));
    }

    [Fact]
    public void Rates_are_what_became_more_a_second()
    {
        var then = MetricsText.Parse("# TYPE a counter\na{x=\"1\"} 10\na{x=\"2\"} 5\nb 1\nnonsense\n", DateTimeOffset.UnixEpoch);
        var now = MetricsText.Parse("a{x=\"1\"} 30\na{x=\"2\"} 5\na{x=\"3\"} 4\n", DateTimeOffset.UnixEpoch.AddSeconds(2));

        Assert.Equal(12, now.PerSecond(then, "a"));
        Assert.Equal(10, now.PerSecond(then, "a", "x=\"1\""));
        Assert.Equal([("1", 10), ("2", 0), ("3", 2)], now.PerSecondBy(then, "a"));
        Assert.Equal(0, now.PerSecond(MetricsText.Empty, "a"));
        Assert.Equal(0, then.PerSecond(now, "a")); // a restart
    }

    private static async Task<(int Exit, string Text)> LookAsync(WatchedRelay relay, bool isJson, bool showsAddresses = false)
    {
        var writer = new StringWriter();
        var looking = RelayTop.LookOnceAsync(relay.Http, showsAddresses, isJson, writer, relay.Time, WatchedRelay.Cancel);
        await relay.Time.WaitBegunAsync(RelayTop.Between);
        relay.Time.Advance(RelayTop.Between);
        await relay.OnAsync(0, _ => 0);
        return (await looking, writer.ToString());
    }

    private static async Task<string> AskAsync(Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        using var http = new HttpClient(new Answering(answer)) { BaseAddress = new Uri("http://127.0.0.1:9641/"), Timeout = TimeSpan.FromSeconds(3) };
        return (await Assert.ThrowsAsync<RelayLookException>(() => RelayLook.TakeAsync(http, false, TimeProvider.System, WatchedRelay.Cancel))).Message;
    }

    private sealed class Answering(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer(request));
    }
}
