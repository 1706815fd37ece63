using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>A relay as its owner watches it: the numbers against what was sent, the files of <c>ops/</c> against the numbers.</summary>
public sealed partial class RelayWatchTests
{
    private static readonly string[] Watched =
        ["--realm", "north.gov", "--user", "user:pass", "--allow-peer", "127.0.0.0/8", "--admin-port", "9641"];

    [Fact]
    public async Task The_numbers_agree_with_what_coturns_client_sent_and_got()
    {
        await using var relay = await RelayProcess.StartAsync(Watched);
        Assert.Equal(9641, relay.Started.GetProperty("adminPort").GetInt32());
        string[] runs = ["-c -e 127.0.0.1 -n 50 -m 4 -X 127.0.0.1", "-c -s -e 127.0.0.1 -n 20 -m 2 -X 127.0.0.1", "-c -t -S -e 127.0.0.1 -n 30 -m 2 -X 127.0.0.1"];
        foreach (string run in runs)
        {
            var (code, output) = await relay.RunAsync("turnutils_uclient", $"-u user -w pass {run}");
            Assert.True(code == 0 && output.Contains("Total lost packets 0", StringComparison.Ordinal), output);
        }

        var (wrong, _) = await relay.RunAsync("turnutils_uclient", "-u user -w guess -e 127.0.0.1 -n 1 -m 1 -X 127.0.0.1");
        Assert.Equal(255, wrong);

        string scrape = await relay.GetAsync("/metrics");
        const int packets = 50 * 4 + 20 * 2 + 30 * 2; // of a hundred bytes each
        Assert.Equal(packets, Value(scrape, "thaw_relay_relayed_packets_total{direction=\"to_peers\"}"));
        Assert.Equal(packets * 100, Value(scrape, "thaw_relay_relayed_bytes_total{direction=\"to_peers\"}"));
        Assert.Equal(packets, Value(scrape, "thaw_relay_relayed_packets_total{direction=\"to_clients\"}"));
        Assert.Equal(packets * 100, Value(scrape, "thaw_relay_relayed_bytes_total{direction=\"to_clients\"}"));
        Assert.InRange(Value(scrape, "thaw_relay_allocations_made_total"), 8, 16);
        Assert.InRange(Value(scrape, "thaw_relay_refusals_total{code=\"401\"}"), 1, 1000);
        Assert.InRange(Value(scrape, "thaw_relay_streams_accepted_total{transport=\"tls\"}"), 2, 8);
        Assert.Equal(0, Value(scrape, "thaw_relay_streams_accepted_total{transport=\"tcp\"}"));
        Assert.Equal(Value(scrape, "thaw_relay_allocations"), Value(scrape, "thaw_relay_ports{family=\"ipv4\",state=\"used\"}"));

        var (exit, text) = await relay.RunThawAsync("relay top --json");
        Assert.Equal(0, exit);
        var report = JsonDocument.Parse(text).RootElement;
        Assert.Equal(packets * 100, report.GetProperty("toPeers").GetProperty("bytes").GetInt64());
        Assert.Contains(report.GetProperty("events").EnumerateArray(), happened => happened.GetProperty("kind").GetString() is "wrong-password");
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_number_in_the_dashboard_and_the_alerts_is_one_that_a_relay_tells()
    {
        await using var relay = await RelayProcess.StartAsync(Watched);
        string[] told = [.. Told().Matches(await relay.GetAsync("/metrics")).Select(match => match.Groups[1].Value)];
        Assert.True(told.Length > 25, string.Join(' ', told));

        foreach (string file in new[] { "grafana/thaw-relay.json", "prometheus/thaw-relay.rules.yml", "prometheus/thaw-relay.rules.test.yml" })
        {
            string[] named = [.. Named().Matches(await File.ReadAllTextAsync(Ops(file), TestContext.Current.CancellationToken)).Select(match => match.Value).Distinct()];
            Assert.NotEmpty(named);
            Assert.True(named.Except(told).ToArray() is [], $"{file} names {string.Join(", ", named.Except(told))}, which no relay tells.");
        }
    }

    [Fact]
    public async Task Prometheus_finds_no_fault_with_the_numbers_and_the_alerts()
    {
        string promtool = Executables.Find("promtool", "prometheus");
        await using var relay = await RelayProcess.StartAsync(Watched);
        await PassesAsync([promtool, "check", "metrics"], await relay.GetAsync("/metrics"));
        await PassesAsync([promtool, "check", "rules", Ops("prometheus/thaw-relay.rules.yml")], "");
        await PassesAsync([promtool, "test", "rules", Ops("prometheus/thaw-relay.rules.test.yml")], "");
    }

    [Fact]
    public async Task Top_says_what_is_missing_where_no_relay_can_be_asked()
    {
        await using var relay = await RelayProcess.StartAsync("--realm", "north.gov", "--user", "user:pass");
        var (exit, output) = await relay.RunThawAsync("relay top --once");
        Assert.Equal(4, exit);
        Assert.Contains("Does it run with --admin-port?", output, StringComparison.Ordinal);
    }

    private static async Task PassesAsync(string[] line, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await output + errors);
    }

    private static string Ops(string file)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Thaw.slnx"))) folder = folder.Parent ?? throw new DirectoryNotFoundException("The repository is not around the tests.");
        return Path.Combine(folder.FullName, "ops", file);
    }

    private static double Value(string scrape, string series)
        => double.Parse(scrape.Split('\n').Single(line => line.StartsWith($"{series} ", StringComparison.Ordinal))[series.Length..], CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^# TYPE (\w+)", RegexOptions.Multiline)]
    private static partial Regex Told();

    [GeneratedRegex(@"\b(?:thaw|process|dotnet)_[a-z_]+\b")]
    private static partial Regex Named();
}
