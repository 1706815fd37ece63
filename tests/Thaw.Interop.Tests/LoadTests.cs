using System.Net;
using System.Net.Sockets;
using Thaw.Load;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>The load of <c>thaw bench relay</c> against our relay, in one process.</summary>
public sealed class LoadTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(400);

    private static readonly RelayHostOptions Options = new()
    {
        Listen = [IPAddress.Loopback],
        Port = 0,
        ListensOnTcp = false,
        Loops = 1,
        Server = new TurnServerOptions
        {
            Users = [new TurnUser("user", "pass")],
            SharedSecrets = ["secret"],
            UnprovenAnswersPerSecond = 1e6,
            UnprovenAnswersAtOnce = 1e6,
            Policy = PeerPolicy.Public.With([AddressPrefix.Parse("127.0.0.0/8")], []),
        },
    };

    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(3, 1, false)]
    [InlineData(0, 8, false)]
    [InlineData(2, 8, true)] // runs that come and leave as one
    public async Task What_is_sent_comes_back_and_what_was_allocated_is_given_back(int peers, int burst, bool segments)
    {
        await using var host = RelayHost.Start(Options);
        using var load = new RelayLoad(Plan(host) with { Allocations = 20, Peers = peers, Burst = burst, Segments = segments, Bytes = 161 });
        var made = load.Allocate(20);
        Assert.Equal((20, 0, null), (made.Made, made.Refused, made.RefusedBecause));
        Assert.Equal(20, host.Counters.Sum(counters => counters.AllocationsMade));

        var figures = load.Run(2_000, Short);
        Assert.InRange(figures.Sent, 100, 2 * 2_000);
        Assert.Equal(figures.Sent, figures.Received);
        Assert.InRange(figures.P50Microseconds, 1, figures.P99Microseconds);
        Assert.True(figures.ServerCpuMicroseconds > 0);

        load.Release();
        for (int i = 0; i < 100 && host.AllocationCount > 0; i++) await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(0, host.AllocationCount);
        Assert.Throws<LoadException>(() => load.Run(1_000, Short));
    }

    [Fact]
    public async Task The_highest_rate_is_found()
    {
        await using var host = RelayHost.Start(Options);
        using var load = new RelayLoad(Plan(host));
        load.Allocate(5);
        var peak = load.FindPeak(500, TimeSpan.FromMilliseconds(50));
        Assert.InRange(peak.Probes, 2, 100);
    }

    [Fact]
    public async Task A_credential_can_be_minted_from_the_secret()
    {
        await using var host = RelayHost.Start(Options);
        using var load = new RelayLoad(Plan(host) with { Credential = LoadCredential.Mint("secret", TimeProvider.System.GetUtcNow().AddMinutes(1)) });
        Assert.Equal(3, load.Allocate(3).Made);
    }

    [Fact]
    public async Task A_wrong_password_is_said()
    {
        await using var host = RelayHost.Start(Options);
        using var load = new RelayLoad(Plan(host) with { Credential = new LoadCredential("user", "wrong") });
        Assert.Contains("Allocate: 401", Assert.Throws<LoadException>(() => load.Allocate(2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_is_silent_is_given_up()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var load = new RelayLoad(new LoadPlan
        {
            Server = new TransportAddress(IPAddress.Loopback, (ushort)((IPEndPoint)nobody.LocalEndPoint!).Port),
            Credential = new LoadCredential("user", "pass"),
        });
        Assert.Contains("no answer", Assert.Throws<LoadException>(() => load.Allocate(2)).Message, StringComparison.Ordinal);
    }

    // Other tests allocate in the same process: the best of some runs is what relaying itself costs.
    [Fact]
    public async Task A_relayed_packet_costs_the_host_no_managed_memory()
    {
        await using var host = RelayHost.Start(Options);
        using var load = new RelayLoad(Plan(host) with { ProcessId = null }); // asking what the process used costs memory
        load.Allocate(10);
        load.Run(5_000, Short);
        double best = double.MaxValue;
        for (int i = 0; i < 8 && best > 1; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            var figures = load.Run(5_000, Short);
            best = Math.Min(best, (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / figures.Received);
        }

        Assert.InRange(best, 0, 1); // the figures themselves are a few hundred bytes a run
    }

    private static LoadPlan Plan(RelayHost host) => new()
    {
        Server = new TransportAddress(IPAddress.Loopback, host.Port),
        Credential = new LoadCredential("user", "pass"),
        ProcessId = Environment.ProcessId,
    };
}
