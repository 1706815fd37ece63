using System.Diagnostics;
using System.Text.RegularExpressions;
using Thaw.Interop.Tests.Networks;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Programs that ask what their NAT does (RFC 5780, RFC 3489), before our server and real NATs.</summary>
public sealed class RelayDiscoveryTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private const string SecondIPv6 = "addr add fd00::1/128 dev lo nodad\naddr add fd00::2/128 dev lo nodad";

    private static readonly string[] Listens = ["--listen", "127.0.0.2", "--listen", "fd00::1", "--behaviour", "--user", "user:pass"];

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.2:3479")]
    [InlineData("::1", "fd00::1")] // it prints IPv6 its own way
    public async Task Coturns_stun_client_gets_three_answers_the_second_from_elsewhere(string address, string other)
    {
        await using var relay = await RelayProcess.StartWhereAsync(SecondIPv6, Listens);
        var (code, output) = await relay.RunAsync("turnutils_stunclient", address);
        Assert.Equal(0, code);
        Assert.Equal(3, Regex.Count(output, "RFC 5780 response"));
        Assert.True(Regex.Count(output, $"Other addr: : .*{Regex.Escape(other)}") >= 3, output);
        Assert.Matches($"Response origin: : .*{Regex.Escape(other)}", output);
    }

    [Theory]
    [InlineData("-m", "No NAT! (Endpoint Independent Mapping)")]
    [InlineData("-f", "Endpoint Independent Filtering!")]
    [InlineData("-m -P", "No NAT! (Endpoint Independent Mapping)")]
    [InlineData("-f -P", "Endpoint Independent Filtering!")]
    [InlineData("-H", "maybe a successful hairpinning")]
    [InlineData("-t -T 1", "RFC 5780 response 2")]
    public async Task Coturns_discovery_finds_no_NAT_where_there_is_none(string test, string verdict)
    {
        await using var relay = await RelayProcess.StartWhereAsync(SecondIPv6, Listens);
        var (_, output) = await relay.RunAsync("turnutils_natdiscovery", $"{test} -L 127.0.0.5 127.0.0.1");
        Assert.Contains(verdict, output, StringComparison.Ordinal);
        Assert.DoesNotContain("ALG detected", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_of_RFC_3489_finds_itself_in_the_open()
    {
        await using var relay = await RelayProcess.StartWhereAsync(SecondIPv6, Listens);
        var (_, output) = await relay.RunAsync("stun", "127.0.0.1 -v", "stun-client");
        Assert.Contains("Primary: Open", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_one_address_a_plain_answer_promises_nothing()
    {
        await using var relay = await RelayProcess.StartAsync("--behaviour", "--user", "user:pass");
        var (code, output) = await relay.RunAsync("turnutils_stunclient", "127.0.0.1");
        Assert.Equal(0, code);
        Assert.Contains("UDP reflexive addr", output, StringComparison.Ordinal);
        Assert.DoesNotContain("RFC 5780", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Nat.None, Lab.ClientAddress, "No NAT! (Endpoint Independent Mapping)", "Endpoint Independent Filtering!")]
    [InlineData(Nat.PortRestricted, "10.1.0.2", "NAT with Endpoint Independent Mapping!", "Address and Port Dependent Filtering!")]
    [InlineData(Nat.Symmetric, "10.1.0.2", "Address and Port Dependent Mapping!", "Address and Port Dependent Filtering!")]
    public async Task Behind_real_NATs_it_finds_what_they_do(Nat nat, string address, string mapping, string filtering)
    {
        string discovery = Executables.Find("turnutils_natdiscovery", "coturn");
        await using var lab = await Lab.BuildAsync(nat);
        string[] line =
        [
            .. lab.Internet.Prefix, Path.Combine(AppContext.BaseDirectory, "thaw"), "relay", "--json", "--listen", Lab.RelayAddress, "--listen", Lab.SecondAddress,
            "--behaviour", "--threads", "2",
        ];
        using var relay = Start(line);
        try
        {
            Assert.NotNull(await relay.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken));
            Assert.Contains(mapping, await AskAsync("-m"), StringComparison.Ordinal);
            Assert.Contains(filtering, await AskAsync("-f"), StringComparison.Ordinal);
        }
        finally
        {
            relay.Kill(entireProcessTree: true);
            await relay.WaitForExitAsync(CancellationToken.None);
        }

        async Task<string> AskAsync(string test)
        {
            using var asking = Start([.. lab.Client.Prefix, discovery, test, "-L", address, Lab.RelayAddress]);
            string output = await asking.StandardOutput.ReadToEndAsync().WaitAsync(Limit);
            await asking.WaitForExitAsync().WaitAsync(Limit);
            return output;
        }
    }

    private static Process Start(string[] line)
        => Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
