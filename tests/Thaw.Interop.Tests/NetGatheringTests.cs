using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Thaw.Net;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>ICE servers that do nothing, on loopback. Those that do are in ServerRelayTests.</summary>
public sealed class NetGatheringTests
{
    private readonly ConcurrentQueue<Observation> _seen = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_is_open_at_once_and_its_servers_settle_in_time_though_none_answers()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        long began = Stopwatch.GetTimestamp();

        await using var host = Open($"stun:127.0.0.1:{((IPEndPoint)silent.LocalEndPoint!).Port}");
        var opened = Stopwatch.GetElapsedTime(began);
        var candidates = host.LocalCandidates;
        await host.GatheringSettled.WaitAsync(Cancel);

        Assert.True(opened < TimeSpan.FromSeconds(1), $"{opened}");
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 8);
        Assert.Single(candidates);
        Assert.Equal(0, host.Statistics.Sessions); // the gatherer is not one of its users'
    }

    [Fact]
    public async Task A_TLS_server_that_never_shakes_hands_is_given_up_with_that_reason()
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        await using var host = Open($"turns:127.0.0.1:{((IPEndPoint)deaf.LocalEndpoint).Port}");

        Assert.Equal("TLS: no answer within 3 s", (await FailedAsync()).Detail);
    }

    [Fact]
    public async Task A_server_that_is_not_TLS_is_told_as_such()
    {
        using var plain = new TcpListener(IPAddress.Loopback, 0);
        plain.Start();
        await using var host = Open($"turns:127.0.0.1:{((IPEndPoint)plain.LocalEndpoint).Port}");
        using var connection = await plain.AcceptSocketAsync(Cancel);
        await connection.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Cancel);

        Assert.StartsWith("TLS: ", (await FailedAsync()).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposing_does_not_wait_for_servers()
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        var host = Open($"turns:127.0.0.1:{((IPEndPoint)deaf.LocalEndpoint).Port}");
        using var connection = await deaf.AcceptSocketAsync(Cancel);

        long began = Stopwatch.GetTimestamp();
        await host.DisposeAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(1.5));
    }

    private PeerHost Open(string url) => PeerHost.Open(
        new() { UdpPort = 0, Addresses = [IPAddress.Loopback], Shards = 1, IceServers = [new([url], "u", "p")], Observed = _seen.Enqueue }, TimeProvider.System);

    private async Task<Observation.GatheringFailed> FailedAsync()
    {
        for (int i = 0; i < 800; i++)
        {
            if (_seen.OfType<Observation.GatheringFailed>().FirstOrDefault() is { } failed) return failed;
            await Task.Delay(10, Cancel);
        }

        throw new TimeoutException(string.Join('\n', _seen));
    }
}
