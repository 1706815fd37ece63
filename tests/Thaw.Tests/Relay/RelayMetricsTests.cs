using System.Diagnostics.Metrics;
using Thaw.Relay.Admin;
using Thaw.Tests.Turn.Server;
using Xunit;

namespace Thaw.Tests.Relay;

/// <summary>What Prometheus reads.</summary>
public sealed class RelayMetricsTests
{
    [Fact]
    public async Task The_numbers_are_those_of_what_happened_in_all_loops()
    {
        await using var relay = new WatchedRelay();
        await relay.AllocateAsync(0, 5000, packets: 3);
        await relay.AllocateAsync(1, 5001, packets: 2);
        await relay.OnAsync(1, table =>
        {
            var client = table.Client(port: 5002);
            client.Allocate();
            client.Permit(TurnTable.At("10.1.2.3"));
            client.SendOnChannel(0x4001, "nobody"u8);
            table.Client(port: 5003, password: "guess").Allocate();
            return client.Refresh(0).Code;
        });

        string[] lines = await relay.ScrapeAsync();
        foreach (string line in new[]
        {
            "thaw_relay_allocations 2",
            "thaw_relay_allocations_made_total 3",
            "thaw_relay_allocations_ended_total{reason=\"released\"} 1",
            "thaw_relay_allocations_ended_total{reason=\"expired\"} 0",
            "thaw_relay_relayed_packets_total{direction=\"to_peers\"} 5",
            "thaw_relay_relayed_bytes_total{direction=\"to_peers\"} 500",
            "thaw_relay_relayed_packets_total{direction=\"to_clients\"} 5",
            "thaw_relay_relayed_bytes_total{direction=\"to_clients\"} 250",
            "thaw_relay_drops_total{reason=\"no_channel\"} 1",
            "thaw_relay_refusals_total{code=\"401\"} 1",
            "thaw_relay_refusals_total{code=\"403\"} 1",
            "thaw_relay_challenges_total 4",
            "thaw_relay_ports{family=\"ipv4\",state=\"used\"} 2",
            "thaw_relay_ports{family=\"ipv4\",state=\"free\"} 16382",
            "thaw_relay_ports{family=\"ipv6\",state=\"used\"} 0",
            "thaw_relay_quota_used 2",
            "thaw_relay_quota_limit 10000",
            "thaw_relay_dtls_sessions 0",
            "thaw_relay_dtls_refused_total 0",
            "thaw_relay_draining 0",
            "thaw_relay_faults 0",
        })
            Assert.Contains(line, lines);
    }

    [Fact]
    public async Task What_the_system_refuses_is_an_error_by_kind()
    {
        await using var relay = new WatchedRelay(loops: 1);
        relay.Edges[0].Lost = 7;
        relay.Edges[0].RefusesPorts = true;
        await relay.OnAsync(0, table => table.Client().Allocate().Code);

        string[] lines = await relay.ScrapeAsync();
        Assert.Contains("thaw_relay_errors_total{kind=\"send\"} 7", lines);
        Assert.Contains("thaw_relay_errors_total{kind=\"port\"} 64", lines);
        Assert.Contains("thaw_relay_refusals_total{code=\"508\"} 1", lines);
    }

    [Fact]
    public async Task Users_and_addresses_are_no_labels()
    {
        await using var relay = new WatchedRelay();
        await relay.AllocateAsync(0, 5000, packets: 1);
        Assert.DoesNotContain(await relay.ScrapeAsync(), line => line.Contains("alice", StringComparison.Ordinal) || line.Contains("192.0.2", StringComparison.Ordinal) || line.Contains("203.0.113", StringComparison.Ordinal));
    }

    [Fact]
    public void Names_units_types_and_labels_are_as_Prometheus_wants_them()
    {
        using var meter = new Meter("a");
        using var another = new Meter("a"); // of the same name, and somebody else's
        meter.CreateObservableCounter("some.size", () => new Measurement<long>(5, new("path", "a\\b\"c\nd"), new("x.y", 1)), "By", "One\nline.");
        meter.CreateObservableUpDownCounter("some.now", () => 1.5, "{thing}");
        meter.CreateObservableGauge("some.age", () => 2, "s", "Age.");
        meter.CreateObservableCounter<long>("some.nothing", () => []);
        meter.CreateCounter<long>("some.pushed").Add(1);
        another.CreateObservableCounter("other", () => 1);

        using var text = new PrometheusText(meter);
        const string expected = """
            # HELP some_size_bytes_total One\nline.
            # TYPE some_size_bytes_total counter
            some_size_bytes_total{path="a\\b\"c\nd",x_y="1"} 5
            # HELP some_now 
            # TYPE some_now gauge
            some_now 1.5
            # HELP some_age_seconds Age.
            # TYPE some_age_seconds gauge
            some_age_seconds 2

            """;
        Assert.Equal(expected, text.Scrape());
        Assert.Equal(expected, text.Scrape());
    }

    [Fact]
    public void Every_end_of_an_allocation_is_counted_by_its_reason()
    {
        var table = new TurnTable();
        table.Client(port: 5000).Allocate();
        table.Client(port: 5001).Allocate();
        var third = table.Client(port: 5002);
        third.Allocate();
        third.Refresh(0);
        table.Server.Disconnected(table.Client(port: 5001).FiveTuple, table.Now);
        table.Pass(601);
        table.Client(port: 5003).Allocate();
        table.Server.Close(table.Now);

        var counters = table.Server.Counters;
        Assert.All(Enum.GetValues<Protocol.AllocationEnd>(), reason => Assert.Equal(1, counters.Ended(reason)));
        Assert.Equal(4, counters.AllocationsMade);
    }

    [Fact]
    public void A_page_of_allocations_costs_what_the_page_is_long()
    {
        var table = new TurnTable(TurnTable.Served with { UnprovenAnswersAtOnce = 10_000 });
        for (int i = 0; i < 2000; i++) table.Client(port: (ushort)(5000 + i)).Allocate();
        Assert.Equal([1500, 1501], table.Server.Snapshot(1500, 2, table.Now).Select(one => one.Number));

        long before = GC.GetAllocatedBytesForCurrentThread();
        int length = table.Server.Snapshot(0, 2, table.Now).Count;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 4_000);
        Assert.Equal(2, length);
        Assert.Empty(table.Server.Snapshot(2000, 2, table.Now));
    }
}
