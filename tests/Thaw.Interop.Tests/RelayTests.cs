using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>coturn's own client against our server: <c>turnutils_uclient</c> as its run_tests.sh judges it.</summary>
public sealed partial class RelayTests
{
    private const int AtOnce = 4;

    private static readonly string[] Served = ["--realm", "north.gov", "--user", "user:pass", "--allow-peer", "127.0.0.0/8", "--allow-peer", "::1/128"];

    // The arguments, and the bytes that must go out and come back.
    private static readonly (string What, string Arguments, int Bytes)[] Table =
    [
        ("ChannelData", "-e 127.0.0.1 -n 20 -m 4 -X 127.0.0.1", 8000),
        ("Send and Data", "-s -e 127.0.0.1 -n 20 -m 4 -X 127.0.0.1", 8000),
        ("TCP", "-t -e 127.0.0.1 -n 20 -m 4 -X 127.0.0.1", 8000),
        ("TLS", "-t -S -e 127.0.0.1 -n 20 -m 4 -X 127.0.0.1", 8000),
        ("DTLS", "-S -e 127.0.0.1 -n 20 -m 4 -X 127.0.0.1", 8000),
        ("between two relayed addresses", "-y -n 20 -m 4 127.0.0.1", 8000),
        ("IPv6", "-x -e ::1 -n 20 -m 2 ::1", 4000),
        ("IPv4 client, IPv6 relay", "-x -e ::1 -n 20 -m 2 127.0.0.1", 4000),
        ("IPv6 client, IPv4 relay", "-X -e 127.0.0.1 -n 20 -m 2 ::1", 4000),
        ("dual allocation", "-c -Z -e 127.0.0.1 -n 20 -m 2 127.0.0.1", 4000),
        ("odd lengths, padding, DF", "-D -g -l 1001 -e 127.0.0.1 -n 20 -m 2 -X 127.0.0.1", 40040),
        ("requests out of turn", "-G -e 127.0.0.1 -n 20 -m 2 -X 127.0.0.1", 4000),
        ("random disconnects", "-B -e 127.0.0.1 -n 20 -m 2 -X 127.0.0.1", 4000),
        ("bandwidth attribute", "-a 100000 -e 127.0.0.1 -n 20 -m 2 -X 127.0.0.1", 4000),
    ];

    [Fact]
    public async Task Coturns_client_loses_nothing_in_any_mode()
    {
        await using var relay = await RelayProcess.StartAsync(Served);
        await PassesAsync(relay, Table);
    }

    [Fact]
    public async Task Nor_over_the_sockets_of_every_system()
    {
        await using var relay = await RelayProcess.StartAsync([.. Served, "--portable"]);
        await PassesAsync(relay, Table[..7]);
    }

    [Fact]
    public async Task It_relays_TCP_and_follows_clients_that_move()
    {
        await using var relay = await RelayProcess.StartAsync([.. Served, "--tcp-relay", "--mobility", "--icmp", "-v"]);

        // It draws lots whether it moves; and alone, as the log has so many lines a second. RelayMobilityTests move for certain.
        for (int run = 0; run < 4 && !relay.Log.Any(line => line.Contains("moved from", StringComparison.Ordinal)); run++)
            await PassesAsync(relay, [("mobility", "-M -e 127.0.0.1 -n 100 -m 2 -X 127.0.0.1", 20_000)]);
        Assert.Contains(relay.Log, line => line.Contains("moved from", StringComparison.Ordinal));
        await PassesAsync(relay,
        [
            ("TCP relay", "-T -n 20 -m 2 127.0.0.1", 4000),
            ("TCP relay over TLS", "-T -S -n 20 -m 2 127.0.0.1", 4000),
            ("odd lengths, padding, DF", "-D -g -l 1001 -e 127.0.0.1 -n 20 -m 2 -X 127.0.0.1", 40_040),
        ]);
    }

    [Fact]
    public async Task A_second_channel_for_the_same_peer_is_refused()
    {
        await using var relay = await RelayProcess.StartAsync(Served);
        var (code, output) = await relay.RunAsync("turnutils_uclient", "-u user -w pass -N -e 127.0.0.1 -n 20 -m 2 -X 127.0.0.1");

        Assert.Equal(255, code);
        Assert.Contains("channel bind: error 400", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Minted_credentials_work_and_wrong_or_expired_ones_are_named()
    {
        await using var relay = await RelayProcess.StartAsync("--auth-secret", "secret", "--realm", "north.gov", "--allow-peer", "127.0.0.0/8");
        var (code, output) = await relay.RunAsync("turnutils_uclient", "-u user -W secret -e 127.0.0.1 -n 10 -m 1 -X 127.0.0.1");
        Assert.True(code == 0 && Received(output) == 2000, output);

        (code, _) = await relay.RunAsync("turnutils_uclient", "-u user -W wrong -e 127.0.0.1 -n 10 -m 1 -X 127.0.0.1");
        Assert.Equal(255, code);
        Assert.Contains(relay.Log, line => line.Contains("401: wrong password, or minted from another secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Coturns_client_is_let_in_by_the_access_tokens_it_makes_and_not_by_those_of_unknown_keys()
    {
        // The keys that its -J makes tokens with, cut to the algorithms' lengths as coturn does.
        string[] keys =
        [
            "north:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "union:MTIzNDU2Nzg5MDEyMzQ1Ng==",
            "oldempire:MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
        ];
        string[] common = ["--realm", "north.gov", "--allow-peer", "127.0.0.0/8", .. keys.SelectMany(key => (string[])["--oauth-key", key])];
        await using (var relay = await RelayProcess.StartAsync([.. common, "--oauth-server-name", "blackdow.carleon.gov"]))
        {
            for (int i = 0; i < 3; i++) // it draws lots among the three
            {
                var (code, output) = await relay.RunAsync("turnutils_uclient", "-J -c -u user -w pass -e 127.0.0.1 -n 10 -m 2 -X 127.0.0.1");
                Assert.True(code == 0 && Received(output) == 2000, output + string.Join('\n', relay.Log));
            }
        }

        await using var another = await RelayProcess.StartAsync("--realm", "north.gov", "--oauth-key", "other:MTIzNDU2Nzg5MDEyMzQ1Ng==");
        Assert.Equal(255, (await another.RunAsync("turnutils_uclient", "-J -u user -w pass -e 127.0.0.1 -n 10 -m 2 -X 127.0.0.1")).ExitCode);
        Assert.Contains(another.Log, line => line.Contains("for access tokens (--oauth-key)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_quota_is_486()
    {
        await using var relay = await RelayProcess.StartAsync([.. Served, "--user-quota", "3"]);
        var (code, output) = await relay.RunAsync("turnutils_uclient", "-u user -w pass -e 127.0.0.1 -n 10 -m 8 -X 127.0.0.1");

        Assert.Equal(255, code);
        Assert.Contains("error 486", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_leave_no_spelling_of_this_machine_is_a_peer()
    {
        await using var relay = await RelayProcess.StartAsync("--realm", "north.gov", "--user", "user:pass");
        string[] attempts =
        [
            "-X -e 127.0.0.1 127.0.0.1", "-X -e 0.0.0.0 127.0.0.1", "-x -e ::1 ::1", "-x -e :: ::1", "-x -e ::ffff:127.0.0.1 ::1",
            "-x -e ::127.0.0.1 ::1", "-x -e 64:ff9b::7f00:1 ::1", "-x -e 2002:7f00:1:: ::1",
        ];
        foreach (string attempt in attempts)
        {
            var (_, output) = await relay.RunAsync("turnutils_uclient", $"-u user -w pass -c -n 3 {attempt}");
            Assert.True(output.Contains("error 403", StringComparison.Ordinal), $"{attempt}: {output}");
        }
    }

    // All at once, and what does not pass then once more by itself: the client drops what a busy machine does not let it send.
    private static async Task PassesAsync(RelayProcess relay, (string What, string Arguments, int Bytes)[] table)
    {
        var again = new ConcurrentBag<(string What, string Arguments, int Bytes)>();
        await Parallel.ForEachAsync(table, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (row, _) =>
        {
            if (await FaultAsync(relay, row) is not null) again.Add(row);
        });
        var failed = new List<string>();
        foreach (var row in again)
            if (await FaultAsync(relay, row) is { } fault) failed.Add(fault);
        Assert.True(failed is [], string.Join("\n\n", failed));
    }

    private static async Task<string?> FaultAsync(RelayProcess relay, (string What, string Arguments, int Bytes) row)
    {
        for (int draws = 0; ; draws++)
        {
            var (code, output) = await relay.RunAsync("turnutils_uclient", $"-u user -w pass {row.Arguments}");
            if (code == 0 && Received(output) == row.Bytes && output.Contains("Total lost packets 0", StringComparison.Ordinal)) return null;

            // It draws lots whether to refresh an address family that its allocation may not have; 443 is the right answer (RFC 8656 §7.2).
            if (draws == 5 || !output.Contains("error 443", StringComparison.Ordinal))
                return $"{row.What}: exit {code}, {Received(output)} of {row.Bytes} bytes\n{output[^Math.Min(output.Length, 600)..]}";
        }
    }

    private static int Received(string output)
        => Totals().Matches(output).LastOrDefault() is { } totals && totals.Groups[1].Value == totals.Groups[2].Value
            ? int.Parse(totals.Groups[1].Value, CultureInfo.InvariantCulture)
            : -1;

    [GeneratedRegex(@"tot_send_bytes ~ (\d+), tot_recv_bytes ~ (\d+)")]
    private static partial Regex Totals();
}
