using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;

namespace Thaw.Interop.Tests.Hangs;

/// <summary>Rows 5, 6, 12 and 16 of docs/rfc/voice.md in a real browser: requests that hang, cross or repeat.</summary>
public sealed class SilentServerTests(Chromium chromium, Servers servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10), PagesOwn = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Row_5_a_server_that_answers_no_offer_ends_the_attempt_in_words()
    {
        await using var thaw = await ThawProcess.ServeAsync("echo");
        await using var page = await chromium.OpenAsync(thaw);
        await page.UntilAsync("the client is loaded", "performance.getEntriesByType('resource').filter(r => r.name.endsWith('.js') && r.responseEnd > 0).length >= 2", Soon);
        thaw.Freeze();

        string said = await page.FailToConnectAsync(PagesOwn);

        Assert.NotEmpty(said);
        Assert.Equal("\"server-silent\"", (await page.EvaluateAsync("window.thaw.verdict.code", Soon)).GetRawText());
    }

    [Fact]
    public async Task Row_6_candidates_are_answered_at_once()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        var patched = page.Page.WaitForRequestFinishedAsync(new() { Predicate = static r => r.Method == "PATCH" });

        await page.ConnectAsync(); // which the stock client only says after its first PATCH was answered
        var patch = await patched;

        Assert.Equal(200, (await patch.ResponseAsync())!.Status);
        Assert.InRange(patch.Timing.ResponseEnd - patch.Timing.RequestStart, 0, 500); // a few milliseconds; the rest is for a busy machine
    }

    [Fact]
    public async Task Row_12_hanging_up_while_the_offer_is_under_way_leaves_the_page_idle_and_able()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        await page.Page.RouteAsync("**/api/offer", async route =>
        {
            var response = await route.FetchAsync();
            asked.TrySetResult();
            await answer.Task;
            await route.FulfillAsync(new() { Response = response });
        }, new() { Times = 1 });
        await page.EvaluateAsync("(window.thaw.connect().catch(() => 0), 0)", Soon);
        await asked.Task.WaitAsync(Soon, TestContext.Current.CancellationToken);

        await page.DisconnectAsync();
        answer.SetResult(); // at which the stock client alone would come up again, with no connection
        await page.ConnectAsync();

        Assert.Equal(2, (await page.StatsAsync()).GetProperty("attempt").GetInt32());
        await page.UntilHeardAsync(Soon);
    }

    [Fact]
    public async Task Row_16_offers_right_after_one_another_are_answered_by_the_same_connection_while_the_call_goes_on()
    {
        var offers = new ConcurrentQueue<IResponse>();
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"), prepare: p =>
        {
            p.Response += (_, response) => { if (response.Request.Method == "POST" && response.Url.EndsWith("/api/offer", StringComparison.Ordinal)) offers.Enqueue(response); };
            return Task.CompletedTask;
        });
        await page.ConnectAsync();

        // What a server may ask of the stock client; here the page asks it of itself, twice before the first is answered.
        await page.EvaluateAsync("""
            (() => {
              const data = JSON.stringify({ type: 'signalling', message: { type: 'renegotiate' } });
              for (let i = 0; i < 2; i++) window.thaw.channel().dispatchEvent(new MessageEvent('message', { data }));
              return 0;
            })()
            """, Soon);
        await page.UntilAsync("both are answered", "window.thaw.peer().signalingState === 'stable' && performance.getEntriesByType('resource').filter(r => r.name.endsWith('/api/offer')).length >= 3", Soon);

        Assert.Equal("7", (await page.EvaluateAsync("window.thaw.request('still there', 7)", Soon)).GetRawText());
        await page.UntilHeardAsync(Soon);
        Assert.Equal(1, (await page.StatsAsync()).GetProperty("tries").GetInt32());
        Assert.All(offers, response => Assert.Equal(200, response.Status));
        string[] names = [.. await Task.WhenAll(offers.Select(async r => (await r.JsonAsync())!.Value.GetProperty("pc_id").GetString()!))];
        Assert.True(names.Length >= 2, "nothing was renegotiated");
        Assert.Single(names.Distinct());
    }
}
