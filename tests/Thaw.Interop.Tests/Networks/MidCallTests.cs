using System.Diagnostics;
using Xunit;

namespace Thaw.Interop.Tests.Networks;

/// <summary>The network dies while two talk.</summary>
public sealed class MidCallTests(Chromium chromium)
{
    public static readonly string[] Names = ["The path is gone for 5 s in mid-call", "The path is gone for 40 s in mid-call", "Called again after that", "UDP stops in mid-call, TCP does not"];

    private static readonly Network HomeRouter = new("Client behind a home router", "prflx-host udp", TimeSpan.FromSeconds(5));
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    // Both ways by sound and by message, since now.
    private const string BackAgain = """
        (async () => {
          const received = async () => [...(await thaw.peer().getStats()).values()].find(s => s.type === 'inbound-rtp')?.packetsReceived ?? 0;
          const before = await received(), began = performance.now();
          const answer = thaw.request('back', 1, 20_000);
          while (await received() < before + 10) await new Promise(resolve => setTimeout(resolve, 20));
          await answer;
          return performance.now() - began;
        })()
        """;

    [Fact]
    public async Task Five_seconds_without_a_path_are_no_more_than_five_seconds_of_silence()
    {
        var budget = TimeSpan.FromSeconds(3);
        await using var call = await Call.PrepareAsync(chromium, HomeRouter);
        await call.ConnectAsync();
        int tries = await TriesAsync(call);

        await Lab.FilterAsync(call.Lab.Home, "drop");
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        await Lab.FilterAsync(call.Lab.Home, "");

        var took = TimeSpan.FromMilliseconds((await call.Page.EvaluateAsync(BackAgain, TimeSpan.FromSeconds(20))).GetDouble());
        NetworkTable.Record(Names[0], "the same call goes on", took, budget);
        Assert.Equal("connected", await call.Page.StateAsync());
        Assert.Equal(tries, await TriesAsync(call));
        Assert.InRange(took, TimeSpan.Zero, budget);
        await call.Page.UntilHeardAsync(Soon);
    }

    [Fact]
    public async Task After_forty_seconds_without_a_path_the_call_has_ended_in_words_and_the_next_one_connects()
    {
        var budget = TimeSpan.FromSeconds(38); // 6 s until the browser notices, 30 s for a new path
        await using var call = await Call.PrepareAsync(chromium, HomeRouter);
        await call.ConnectAsync();

        await Lab.FilterAsync(call.Lab.Home, "drop");
        long cut = Stopwatch.GetTimestamp();
        await call.Page.UntilStateAsync("failed", TimeSpan.FromSeconds(40));
        var took = Stopwatch.GetElapsedTime(cut);
        string verdict = (await call.Page.EvaluateAsync("thaw.verdict.code", Soon)).GetString()!;
        NetworkTable.Record(Names[1], verdict, took, budget);
        var rest = TimeSpan.FromSeconds(40) - took;
        if (rest > TimeSpan.Zero) await Task.Delay(rest, TestContext.Current.CancellationToken);
        await Lab.FilterAsync(call.Lab.Home, "");
        var next = await call.ConnectAsync();
        NetworkTable.Record(Names[2], next.Summary, next.Took, HomeRouter.Budget);

        Assert.Equal("connection-lost", verdict);
        Assert.InRange(took, TimeSpan.Zero, budget);
        Assert.Equal(HomeRouter.Expected, next.Summary);
        Assert.True(next.IsWithin(HomeRouter.Budget), $"{next}");
    }

    [Fact]
    public async Task When_UDP_stops_the_call_goes_on_over_TCP()
    {
        var budget = TimeSpan.FromSeconds(16); // the browser notices after 6 s, the stock client waits 5 s more before it calls again
        await using var call = await Call.PrepareAsync(chromium, HomeRouter);
        await call.ConnectAsync();
        int tries = await TriesAsync(call);

        await Lab.FilterAsync(call.Lab.Home, "meta l4proto udp drop");
        long cut = Stopwatch.GetTimestamp();
        await call.Page.UntilAsync("the call goes on over TCP", "thaw.state === 'connected' && thaw.stats().path?.protocol === 'tcp'", TimeSpan.FromSeconds(30));
        await call.Page.EvaluateAsync(BackAgain, Soon);
        var took = Stopwatch.GetElapsedTime(cut);
        NetworkTable.Record(Names[3], await TriesAsync(call) == tries ? "the same call goes on over TCP" : "the call goes on over TCP, in a new connection", took, budget);

        await call.Page.UntilHeardAsync(Soon);
        Assert.InRange(took, TimeSpan.Zero, budget);
    }

    /// <summary>How many connections the page has made for this call.</summary>
    private static async Task<int> TriesAsync(Call call) => (await call.Page.StatsAsync()).GetProperty("tries").GetInt32();
}
