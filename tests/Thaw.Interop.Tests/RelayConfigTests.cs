using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>coturn's own configuration, and <c>thaw relay check</c>, with real sockets and a second relay to look from.</summary>
public sealed class RelayConfigTests
{
    private const string Debian = "/etc/turnserver.conf";
    private const string Password = "Zq7vWn3kTb9xLc5m";

    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_configuration_that_Debian_ships_starts_and_serves_coturns_client()
    {
        Assert.SkipUnless(File.Exists(Debian), $"{Debian} is not there (Debian package coturn)");
        string conf = Path.GetTempFileName();
        try
        {
            string shipped = await File.ReadAllTextAsync(Debian, TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(conf, shipped + "\nlt-cred-mech\nuser=user:pass\nrealm=north.gov\nallow-loopback-peers\nmin-port=50000\nmax-port=50999\n", TestContext.Current.CancellationToken);
            await using var relay = await RelayProcess.StartAsync("--turnserver-conf", conf);
            Assert.Equal(("north.gov", 50000), (relay.Started.GetProperty("realm").GetString(), relay.Started.GetProperty("firstRelayPort").GetInt32()));

            var (code, output) = await relay.RunAsync("turnutils_uclient", "-u user -w pass -e 127.0.0.1 -n 20 -m 4 -X 127.0.0.1");
            Assert.True(code == 0 && output.Contains("tot_send_bytes ~ 8000, tot_recv_bytes ~ 8000", StringComparison.Ordinal), output);
            Assert.Contains(relay.Log, line => line.Contains($"{conf}:", StringComparison.Ordinal) && line.Contains("syslog: logs go to standard error", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(conf);
        }
    }

    [Fact]
    public async Task From_another_relay_the_ports_are_reached_or_the_firewall_is_told()
    {
        await using var there = await NetworkNamespace.CreateEmptyAsync("there");
        await using var here = await NetworkNamespace.CreateEmptyAsync("here");
        await there.ConnectAsync("v0", here, "v0");
        await there.ConfigureAsync("addr add 10.78.0.1/24 dev v0\nlink set v0 up");
        await here.ConfigureAsync("addr add 10.78.0.2/24 dev v0\nlink set v0 up");
        using var vantage = await StartRelayAsync(there, "10.78.0.1");
        try
        {
            var (exit, rows) = await CheckAsync(here, "--listen", "10.78.0.2", "--from", "10.78.0.1");
            Assert.Equal(["ok", "ok", "ok", "ok"], Outside(rows)); // the listener, and three of the range
            Assert.Equal(0, exit);

            using (var running = await StartRelayAsync(here, "10.78.0.2"))
            {
                (exit, rows) = await CheckAsync(here, "--listen", "10.78.0.2", "--from", "10.78.0.1"); // it answers itself
                Assert.Equal(["ok", "ok", "ok", "ok"], Outside(rows));
                Assert.Contains(rows, row => row.Code is "udp-port" && row.Text.Contains("is held by thaw (pid ", StringComparison.Ordinal));
                running.Kill();
                await running.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            await here.FilterAsync("guard", "chain input { type filter hook input priority 0; udp dport 49152-65535 ip saddr 10.78.0.1 udp sport != 3478 drop; }");
            (exit, rows) = await CheckAsync(here, "--listen", "10.78.0.2", "--from", "10.78.0.1");
            Assert.Equal((2, "ok problem problem problem"), (exit, string.Join(' ', Outside(rows))));

            (exit, rows) = await CheckAsync(here, "--listen", "10.78.0.2", "--from", """{"urls":"turn:10.78.0.1","username":"ada","credential":"wrong"}""");
            Assert.Equal((3, "unknown"), (exit, string.Join(' ', Outside(rows))));
        }
        finally
        {
            vantage.Kill();
            await vantage.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_relay_that_does_not_answer_is_waited_for_no_longer_than_five_seconds()
    {
        await using var here = await NetworkNamespace.CreateAsync();
        long began = Stopwatch.GetTimestamp();
        var (exit, rows) = await CheckAsync(here, "--from", "10.77.0.9");
        var took = Stopwatch.GetElapsedTime(began);

        Assert.Equal((3, "unknown"), (exit, string.Join(' ', Outside(rows))));
        Assert.True(took < TimeSpan.FromSeconds(15), $"it took {took}"); // five, and what a busy machine needs to start it
    }

    [Fact]
    public async Task A_name_that_nobody_knows_is_waited_for_no_longer_than_a_second()
    {
        await using var here = await NetworkNamespace.CreateAsync();
        var (exit, rows) = await CheckAsync(here, "--from", "nobody.invalid");
        Assert.Equal(3, exit);
        Assert.Contains(rows, row => row.Code is "outside" && row.Text.Contains("the name nobody.invalid is not found", StringComparison.Ordinal));
    }

    private static string[] Outside(IEnumerable<(string Code, string Status, string Text)> rows) => [.. rows.Where(row => row.Code is "outside").Select(row => row.Status)];

    private static async Task<Process> StartRelayAsync(NetworkNamespace network, string address)
    {
        var process = Start(network, "relay", "--listen", address, "--user", $"ada:{Password}", "--realm", "example.org", "--profile", "lan", "--json");
        await process.StandardOutput.ReadLineAsync().WaitAsync(RunLimit);
        return process;
    }

    private static async Task<(int Exit, (string Code, string Status, string Text)[] Rows)> CheckAsync(NetworkNamespace network, params string[] more)
    {
        using var process = Start(network, ["relay", "check", "--json", "--profile", "lan", "--user", $"ada:{Password}", "--realm", "example.org", .. more]);
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(RunLimit);
        await process.WaitForExitAsync().WaitAsync(RunLimit);
        using var document = JsonDocument.Parse(output);
        return (process.ExitCode, [.. document.RootElement.GetProperty("rows").EnumerateArray()
            .Select(row => (row.GetProperty("code").GetString()!, row.GetProperty("status").GetString()!, row.GetProperty("text").GetString()!))]);
    }

    private static Process Start(NetworkNamespace network, params string[] arguments)
    {
        string[] line = [.. network.Prefix, Path.Combine(AppContext.BaseDirectory, "thaw"), .. arguments];
        return Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true })!;
    }
}
