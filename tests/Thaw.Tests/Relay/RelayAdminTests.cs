using System.Net;
using System.Net.Http.Headers;
using Thaw.Relay;
using Thaw.Relay.Admin;
using Thaw.Tests.Turn.Server;
using Xunit;

namespace Thaw.Tests.Relay;

/// <summary>What a relay's owner is told over HTTP.</summary>
public sealed class RelayAdminTests
{
    [Fact]
    public async Task An_allocation_is_shown_with_its_peers_its_traffic_and_its_time()
    {
        await using var relay = new WatchedRelay();
        await relay.AllocateAsync(loop: 1, port: 5000, packets: 3);
        relay.Time.Advance(TimeSpan.FromSeconds(2));
        await relay.OnAsync(1, _ => 0);

        var answer = await relay.GetAsync("/api/allocations?addresses=1");
        Assert.Equal(1, answer.GetProperty("schemaVersion").GetInt32());
        Assert.Equal(1, answer.GetProperty("total").GetInt32());
        var allocation = Assert.Single(answer.GetProperty("allocations").EnumerateArray());
        Assert.Equal("1-0", allocation.GetProperty("id").GetString());
        Assert.Equal("alice", allocation.GetProperty("user").GetString());
        Assert.Equal("192.0.2.7:5000", allocation.GetProperty("client").GetString());
        Assert.StartsWith("198.51.100.1:", Assert.Single(allocation.GetProperty("relayed").EnumerateArray()).GetString(), StringComparison.Ordinal);
        var peer = Assert.Single(allocation.GetProperty("peers").EnumerateArray());
        Assert.Equal(("203.0.113.5:7000", 0x4000), (peer.GetProperty("address").GetString(), peer.GetProperty("channel").GetInt32()));
        Assert.Equal((3, 300), (allocation.GetProperty("toPeers").GetProperty("packets").GetInt32(), allocation.GetProperty("toPeers").GetProperty("bytes").GetInt32()));
        Assert.Equal((3, 150), (allocation.GetProperty("toClient").GetProperty("packets").GetInt32(), allocation.GetProperty("toClient").GetProperty("bytes").GetInt32()));
        Assert.Equal((150, 2), (allocation.GetProperty("toPeers").GetProperty("bytesPerSecond").GetDouble(), allocation.GetProperty("rateSeconds").GetDouble()));
        Assert.Equal((2, 598), (allocation.GetProperty("ageSeconds").GetDouble(), allocation.GetProperty("expiresInSeconds").GetDouble()));
    }

    [Fact]
    public async Task Without_leave_addresses_are_tokens_that_keep_class_equality_and_port()
    {
        await using var relay = new WatchedRelay();
        await relay.AllocateAsync(0, 5000);
        await relay.AllocateAsync(0, 5001);

        var answer = await relay.GetAsync("/api/allocations");
        string text = answer.GetRawText();
        Assert.DoesNotContain("192.0.2.7", text, StringComparison.Ordinal);
        Assert.DoesNotContain("203.0.113.5", text, StringComparison.Ordinal);
        Assert.DoesNotContain("198.51.100.1", text, StringComparison.Ordinal);
        string[][] clients = [.. answer.GetProperty("allocations").EnumerateArray().Select(one => one.GetProperty("client").GetString()!.Split(':'))];
        Assert.Matches("^public-[0-9a-f]{8}$", clients[0][0]);
        Assert.Equal(clients[0][0], clients[1][0]);
        Assert.Equal(["5000", "5001"], clients.Select(client => client[1]));

        await using var another = new WatchedRelay();
        await another.AllocateAsync(0, 5000);
        Assert.DoesNotContain(clients[0][0], (await another.GetAsync("/api/allocations")).GetRawText(), StringComparison.Ordinal); // keyed anew
    }

    [Fact]
    public async Task Pages_follow_one_another_through_all_loops_and_miss_nobody()
    {
        await using var relay = new WatchedRelay(with: options => options with { UnprovenAnswersAtOnce = 1000 });
        for (int i = 0; i < 250; i++) await relay.AllocateAsync(i % 2, (ushort)(5000 + i));
        await relay.OnAsync(0, table => table.Client(port: 5004).Refresh(0)); // a gap

        var seen = new List<string>();
        string? from = "0-0";
        while (from is not null)
        {
            var page = await relay.GetAsync($"/api/allocations?limit=40&from={from}");
            string[] ids = [.. page.GetProperty("allocations").EnumerateArray().Select(one => one.GetProperty("id").GetString()!)];
            Assert.InRange(ids.Length, 1, 40);
            seen.AddRange(ids);
            from = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }

        Assert.Equal(249, seen.Distinct().Count());
        Assert.Equal(249, seen.Count);
        Assert.Equal(249, (await relay.GetAsync("/api/allocations?limit=1000")).GetProperty("allocations").GetArrayLength());
    }

    [Fact]
    public async Task Many_peers_are_counted_and_some_of_them_listed()
    {
        await using var relay = new WatchedRelay(loops: 1);
        await relay.OnAsync(0, table =>
        {
            var client = table.Client();
            client.Allocate();
            return client.Permit([.. Enumerable.Range(1, 40).Select(i => TurnTable.At($"203.0.113.{i}"))]).Succeeded ? 0 : throw new InvalidOperationException();
        });

        var allocation = (await relay.GetAsync("/api/allocations")).GetProperty("allocations")[0];
        Assert.Equal((40, 16), (allocation.GetProperty("peerCount").GetInt32(), allocation.GetProperty("peers").GetArrayLength()));
    }

    [Fact]
    public async Task A_loop_that_does_not_answer_is_503_after_two_seconds()
    {
        await using var relay = new WatchedRelay(loops: 1);
        using var until = new ManualResetEventSlim();
        var blocked = await relay.BlockAsync(0, until);
        var asked = relay.GetAsync("/api/allocations", 503);
        await relay.Time.WaitBegunAsync(TimeSpan.FromSeconds(2));
        relay.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("Loop 0 does not answer.", (await asked).GetProperty("detail").GetString());
        until.Set();
        await blocked;
    }

    [Fact]
    public async Task Whoever_asks_a_loop_too_much_at_once_is_told_that_it_is_busy()
    {
        await using var relay = new WatchedRelay(loops: 1);
        using var until = new ManualResetEventSlim();
        var blocked = await relay.BlockAsync(0, until);
        Task[] waiting = [.. Enumerable.Range(0, 8).Select(_ => relay.AskAsync(0))];

        Assert.Equal("Loop 0 has other questions to answer.", (await relay.GetAsync("/api/allocations", 503)).GetProperty("detail").GetString());
        until.Set();
        await Task.WhenAll([blocked, .. waiting]);
        await relay.GetAsync("/api/allocations");
    }

    [Fact]
    public async Task Ready_is_who_takes_allocations_and_healthy_who_works()
    {
        await using var relay = new WatchedRelay();
        await relay.AllocateAsync(0, 5000);
        await relay.AllocateAsync(1, 5001);
        Assert.Equal("ready", (await relay.GetAsync("/readyz")).GetProperty("status").GetString());

        await relay.Host.DrainAsync(TimeSpan.Zero);
        var draining = await relay.GetAsync("/readyz", 503);
        Assert.Equal("draining", draining.GetProperty("status").GetString());
        Assert.Contains("draining", draining.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("ok", (await relay.GetAsync("/healthz")).GetProperty("status").GetString());

        await relay.CrashAsync(1);
        var failed = await relay.GetAsync("/healthz", 503);
        Assert.Equal("Loop 1 has died: InvalidOperationException.", Assert.Single(failed.GetProperty("faults").EnumerateArray()).GetString());
        Assert.Equal("failed", (await relay.GetAsync("/readyz", 503)).GetProperty("status").GetString());
        Assert.Contains("thaw_relay_faults 1", await relay.ScrapeAsync());
        Assert.Equal(1, (await relay.GetAsync("/api/allocations")).GetProperty("allocations").GetArrayLength()); // those of the other loop
    }

    [Fact]
    public async Task A_loop_that_does_not_go_round_is_a_fault()
    {
        await using var relay = new WatchedRelay(loops: 1);
        await relay.OnAsync(0, _ => 0);
        relay.Time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal("Loop 0 hangs, for 7 s now.", (await relay.GetAsync("/healthz", 503)).GetProperty("detail").GetString());

        await relay.OnAsync(0, _ => 0);
        await relay.GetAsync("/healthz");
    }

    [Fact]
    public async Task Refusals_for_a_fault_are_events_the_newest_first_and_challenges_are_none()
    {
        await using var relay = new WatchedRelay(loops: 1);
        await relay.OnAsync(0, table =>
        {
            var wrong = table.Client(password: "guess");
            for (int i = 0; i < 3; i++) wrong.Allocate(); // which asks twice once it has a nonce
            var client = table.Client(port: 5001);
            client.Allocate();
            return client.Permit(TurnTable.At("10.1.2.3")).Code;
        });

        var events = (await relay.GetAsync("/api/events?addresses=1")).GetProperty("events");
        Assert.Equal(2, events.GetArrayLength());
        Assert.Equal(("turn-peer-forbidden", 403), (events[0].GetProperty("cause").GetString(), events[0].GetProperty("code").GetInt32()));
        Assert.Equal(("10.1.2.3", "192.0.2.7"), (events[0].GetProperty("peer").GetString(), events[0].GetProperty("source").GetString()));
        Assert.Contains("10.0.0.0/8", events[0].GetProperty("rule").GetString(), StringComparison.Ordinal);
        Assert.Equal(("wrong-password", 5), (events[1].GetProperty("kind").GetString(), events[1].GetProperty("count").GetInt32()));
        Assert.DoesNotContain("192.0.2.7", (await relay.GetAsync("/api/events")).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_than_256_events_are_kept()
    {
        await using var relay = new WatchedRelay(loops: 1);
        await relay.OnAsync(0, table =>
        {
            var client = table.Client();
            client.Allocate();
            for (int i = 0; i < 300; i++) client.Permit(TurnTable.At($"10.0.{i / 250}.{i % 250}"));
            return 0;
        });

        var events = (await relay.GetAsync("/api/events?addresses=1")).GetProperty("events");
        Assert.Equal(256, events.GetArrayLength());
        Assert.Equal("10.0.1.49", events[0].GetProperty("peer").GetString());
    }

    [Fact]
    public async Task With_a_token_only_who_has_it_may_ask_and_probes_need_none()
    {
        await using var relay = new WatchedRelay(token: "s3cret");
        foreach (string path in new[] { "/metrics", "/api/allocations", "/api/events" })
        {
            Assert.Contains("Bearer", (await relay.GetAsync(path, 401)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        await relay.GetAsync("/healthz");
        await relay.GetAsync("/readyz");
        foreach (string wrong in new[] { "s3cre", "s3cretx", "S3CRET", "" })
        {
            relay.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", wrong);
            await relay.GetAsync("/api/events", 401);
        }

        relay.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "s3cret");
        await relay.GetAsync("/api/events");
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("127.0.0.1:9641", 200)]
    [InlineData("[::1]:9641", 200)]
    [InlineData("rebound.example", 403)]
    public async Task Without_a_token_a_page_that_calls_its_own_name_by_our_address_gets_nothing(string host, int status)
    {
        await using var relay = new WatchedRelay();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events");
        request.Headers.Host = host;
        using var response = await relay.Http.SendAsync(request, WatchedRelay.Cancel);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("/nothing", 404)]
    [InlineData("/api/allocations?limit=0", 400)]
    [InlineData("/api/allocations?limit=1001", 400)]
    [InlineData("/api/allocations?limit=x", 400)]
    [InlineData("/api/allocations?from=0", 400)]
    [InlineData("/api/allocations?from=-1-0", 400)]
    public async Task Errors_are_JSON_with_a_detail(string path, int status)
    {
        await using var relay = new WatchedRelay();
        Assert.NotEmpty((await relay.GetAsync(path, status)).GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task Beyond_this_machine_there_is_no_watching_without_a_token()
    {
        await using var relay = new WatchedRelay();
        var refused = await Assert.ThrowsAsync<RelayHostException>(() => RelayAdminServer.StartAsync(relay.Host, new RefusalRing(relay.Time), new RelayAdminOptions { Address = IPAddress.Any }));
        Assert.Contains("--admin-token", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rates_are_those_since_the_look_before_and_two_that_watch_see_the_same()
    {
        await using var relay = new WatchedRelay(loops: 1);
        var relayed = await relay.AllocateAsync(0, 5000);
        await LookAsync(4);
        await relay.OnAsync(0, table => Repeat(20, () => table.Put(WatchedRelay.Peer, relayed, new byte[50])));

        Assert.Equal((10, 500, 2), await LookAsync(2));
        Assert.Equal((10, 500, 2), await LookAsync(0.5)); // somebody else looks soon after
        Assert.Equal((0, 0, 1), await LookAsync(0.5));

        async Task<(double, double, double)> LookAsync(double later)
        {
            relay.Time.Advance(TimeSpan.FromSeconds(later));
            await relay.OnAsync(0, _ => 0);
            var allocation = (await relay.GetAsync("/api/allocations")).GetProperty("allocations")[0];
            var rates = allocation.GetProperty("toClient");
            return (rates.GetProperty("packetsPerSecond").GetDouble(), rates.GetProperty("bytesPerSecond").GetDouble(), allocation.GetProperty("rateSeconds").GetDouble());
        }
    }

    private static int Repeat(int times, Func<object?> act)
    {
        for (int i = 0; i < times; i++) Assert.NotNull(act());
        return 0;
    }
}
