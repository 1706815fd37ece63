using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Thaw.Relay.Admin;
using Thaw.Relay.Loop;
using Thaw.Tests.Turn.Server;
using Thaw.Tests.Voice;
using Xunit;

namespace Thaw.Tests.Relay;

/// <summary>A relay's host with its loops and threads, without sockets and with time by hand, and what watches it over HTTP.</summary>
internal sealed class WatchedRelay : IAsyncDisposable
{
    public static readonly TransportAddress Peer = TurnTable.At("203.0.113.5", 7000);

    private readonly RelayLoop[] _loops;
    private readonly WebApplication _web;
    private readonly RelayAdmin _admin;
    private readonly RefusalRing _refusals;

    public WatchedRelay(int loops = 2, string token = "", Func<TurnServerOptions, TurnServerOptions>? with = null)
    {
        var server = with?.Invoke(TurnTable.Served) ?? TurnTable.Served;
        var clock = new Clock(Time);
        var open = new OpenRelays();
        var ledger = new SharedLedger(server.TotalQuota, server.UserQuota, server.TotalRate);
        _refusals = new RefusalRing(Time);
        var options = new RelayHostOptions { Observed = _refusals.Note };
        Edges = [.. Enumerable.Range(0, loops).Select(_ => new MemoryEdge())];
        _loops = [.. Edges.Select((edge, i) => new RelayLoop($"{i}", _ => edge, clock, open, new MovedClients(), ledger, server, options))];
        Host = new RelayHost(_loops, [], 3478, server, options);
        foreach (var loop in _loops) loop.Start();

        _admin = new RelayAdmin(Host, _refusals);
        _web = RelayAdminServer.Compose(_admin, new RelayAdminOptions { Token = token }, web => web.UseTestServer());
        _web.StartAsync().GetAwaiter().GetResult();
        Http = _web.GetTestClient();
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public SteppedTime Time { get; } = new();

    public IReadOnlyList<MemoryEdge> Edges { get; }

    public RelayHost Host { get; }

    public HttpClient Http { get; }

    /// <summary>On the loop's thread, as a client would; then the loop has gone round.</summary>
    public async Task<T> OnAsync<T>(int loop, Func<TurnTable, T> act)
    {
        var result = await _loops[loop].AskAsync((server, now) =>
        {
            var table = new TurnTable(server, now);
            var acted = act(table);
            foreach (var fact in table.Facts) _refusals.Note(fact);
            return acted;
        }).WaitAsync(Cancel);
        await _loops[loop].AskAsync((_, _) => 0).WaitAsync(Cancel); // the turn after, which publishes the count
        return result;
    }

    /// <summary>A client with a channel to <see cref="Peer"/> who sends and gets so many packets of a hundred bytes.</summary>
    public Task<TransportAddress> AllocateAsync(int loop, ushort port, int packets = 0) => OnAsync(loop, table =>
    {
        var client = table.Client(port: port);
        var relayed = client.Allocate().Relayed;
        Assert.True(client.Bind(0x4000, Peer).Succeeded);
        for (int i = 0; i < packets; i++)
        {
            Assert.NotNull(client.SendOnChannel(0x4000, new byte[100]));
            Assert.NotNull(table.Put(Peer, relayed, new byte[50]));
        }

        return relayed;
    });

    /// <summary>Completes once the loop stands still; the inner task when it goes on.</summary>
    public async Task<Task> BlockAsync(int loop, ManualResetEventSlim until)
    {
        var stands = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var blocked = _loops[loop].AskAsync((_, _) =>
        {
            stands.SetResult();
            until.Wait();
            return 0;
        });
        await stands.Task.WaitAsync(Cancel);
        return blocked;
    }

    public Task AskAsync(int loop) => _loops[loop].AskAsync((_, _) => 0);

    public async Task CrashAsync(int loop)
    {
        Edges[loop].Crash();
        await Assert.ThrowsAsync<InvalidOperationException>(() => _loops[loop].Ended.WaitAsync(Cancel));
    }

    public async Task<JsonElement> GetAsync(string path, int status = 200)
    {
        using var response = await Http.GetAsync(path, Cancel);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    public async Task<string[]> ScrapeAsync() => (await Http.GetStringAsync("/metrics", Cancel)).Split('\n');

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _web.DisposeAsync();
        _admin.Dispose();
        await Host.DisposeAsync();
    }
}
