using System.Text.Json;
using Thaw.Cli;
using Thaw.Cli.Verbs;
using Thaw.Load;
using Xunit;

namespace Thaw.Tests.Cli;

/// <summary><c>thaw bench relay</c> without a server.</summary>
public sealed class BenchRelayTests
{
    private static readonly TrafficFigures Traffic = new(5, 100_000, 99_990, 1, 0.0001, 19_998, 41, 60, 130, 8.25, 0.165, 0.2);

    [Theory]
    [InlineData("--server 192.0.2.1:3478 --user a:b")]
    [InlineData("--server [2001:db8::1]:3478 --secret s --allocations 1000 --rate 20000 --size 1200 --burst 8 --seconds 2.5 --peers 4 --find-max")]
    [InlineData("--server 192.0.2.1:3478 --user a --password b:c --allocate-only --in-flight 10 --pid 1 --from 192.0.2.2 --json")]
    [InlineData("--user a:b")] // at the usual port of this machine
    public void These_command_lines_are_taken(string line) => Assert.Empty(Errors(line));

    [Theory]
    [InlineData("--server 192.0.2.1:3478")]
    [InlineData("--server 192.0.2.1:3478 --user a")]
    [InlineData("--server 192.0.2.1:3478 --user a:b --secret s")]
    [InlineData("--server 192.0.2.1 --user a:b")]
    [InlineData("--server 192.0.2.1:3478 --user a:b --seconds 600")]
    [InlineData("--server 192.0.2.1:3478 --user a:b --size 8")]
    [InlineData("--server 192.0.2.1:3478 --user a:b --from here")]
    public void These_are_not(string line) => Assert.NotEmpty(Errors(line));

    [Fact]
    public void The_report_says_what_was_measured_in_words_and_in_JSON()
    {
        var report = new LoadReport(LoadReport.Version, new AllocationFigures(100, 2, "Challenge: no answer", 5_000, 61.25, 2_400), Traffic, null);
        string[] lines = [.. BenchRelay.Describe(report)];

        Assert.Contains(lines, line => line.Contains("2 refused (Challenge: no answer)", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("19998 packets/s, 0.010 % lost", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("p50 41 us, p90 60 us, p99 130 us", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("8.25 us CPU", StringComparison.Ordinal));

        using var json = JsonDocument.Parse(JsonSerializer.Serialize(report, LoadJson.Default.LoadReport));
        Assert.Equal(1, json.RootElement.GetProperty("schemaVersion").GetInt32());
        Assert.Equal(report, JsonSerializer.Deserialize(json.RootElement.GetRawText(), LoadJson.Default.LoadReport));
    }

    [Fact]
    public void A_load_at_its_own_limit_says_so()
    {
        var report = new LoadReport(LoadReport.Version, new AllocationFigures(1, 0, null, 1, null, null), null, new PeakFigures(0.001, 9, LimitedByLoad: true, Traffic));
        Assert.Contains(BenchRelay.Describe(report), line => line.Contains("the load could not send more", StringComparison.Ordinal));
    }

    [Fact]
    public void Quantiles_are_right_to_three_percent()
    {
        var latencies = new Latencies();
        for (int i = 1; i <= 10_000; i++) latencies.Add(i * 1000L * System.Diagnostics.Stopwatch.Frequency / 1_000_000_000);
        Assert.InRange(latencies.Quantile(0.5), 5_000, 5_000 * 1.04);
        Assert.InRange(latencies.Quantile(0.99), 9_900, 9_900 * 1.04);
        latencies.Clear();
        Assert.Equal(double.NaN, latencies.Quantile(0.5));
    }

    private static string[] Errors(string line) => [.. CommandTree.Root().Parse($"bench relay {line}").Errors.Select(error => error.Message)];
}
