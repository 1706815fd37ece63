using System.Text.Json;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>A call's life with the unmodified Pipecat client in Debian's Chromium.</summary>
public sealed class ChromiumTests(Chromium chromium, Servers servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task The_stock_client_connects_and_hears_bot_ready_with_the_agents_name()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));

        var stats = await page.ConnectAsync();

        Assert.Equal("connected", await page.StateAsync());
        Assert.Equal(1, stats.GetProperty("tries").GetInt32());
        Assert.InRange(stats.GetProperty("readyMs").GetDouble(), 1, 5_000);
        var messages = await MessagesAsync(page);
        var ready = messages.Single(m => Type(m) == "bot-ready");
        Assert.Equal(messages.Single(m => Type(m) == "client-ready").GetProperty("id").GetString(), ready.GetProperty("id").GetString());
        Assert.Equal("echo", ready.GetProperty("data").GetProperty("about").GetProperty("agent").GetString());
    }

    [Fact]
    public async Task Every_step_of_the_timeline_is_reached_in_order()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        await page.ConnectAsync();

        await page.UntilAsync("all steps are ok", "window.thaw.timeline().every(s => s.status === 'ok')", Soon);

        double[] reached = [.. (await page.EvaluateAsync("window.thaw.timeline().slice(1, 7).map(s => s.to)", Soon)).EnumerateArray().Select(s => s.GetDouble())];
        Assert.Equal(6, reached.Length); // offer, answer, ice, dtls, channel, ready
        Assert.Equal(reached.Order(), reached);
    }

    [Fact]
    public async Task Requests_and_text_are_answered_on_the_data_channel()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        await page.ConnectAsync();

        var answer = await page.EvaluateAsync("window.thaw.request('mirror', { words: 'hear me', n: 42 })", Soon);
        await page.EvaluateAsync("window.thaw.send('said, not spoken')", Soon);

        Assert.Equal("""{"words":"hear me","n":42}""", answer.GetRawText());
        await page.UntilAsync("the agent has answered the text",
            "window.thaw.messages().some(m => m.direction === 'in' && m.data.includes('bot-output') && m.data.includes('said, not spoken'))", Soon);
    }

    [Fact]
    public async Task Text_16_KiB_of_binary_and_a_burst_of_100_come_back_whole_and_in_order()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("loopback"));
        await page.ConnectAsync();
        const string Converse = """
            (async () => {
              const channel = window.thaw.channel();
              channel.binaryType = 'arraybuffer';
              const binary = crypto.getRandomValues(new Uint8Array(16384));
              const sent = ['Grüße 🎤', binary, ...Array.from({ length: 100 }, (_, i) => `burst ${i} ${'x'.repeat(i * 20)}`)];
              const back = new Promise(resolve => {
                const heard = [];
                channel.addEventListener('message', ({ data }) => {
                  if (typeof data === 'string' && data.startsWith('{')) return;
                  heard.push(data);
                  if (heard.length === sent.length) resolve(heard);
                });
              });
              for (const message of sent) channel.send(message);
              const heard = await back;
              const same = (a, b) => typeof a === 'string' ? a === b : b.byteLength === a.length && new Uint8Array(b).every((x, i) => x === a[i]);
              return sent.findIndex((message, i) => !same(message, heard[i]));
            })()
            """;

        int firstDifference = (await page.EvaluateAsync(Converse, Soon)).GetInt32();

        Assert.Equal(-1, firstDifference);
    }

    [Fact]
    public async Task Hanging_up_ends_the_call_on_both_sides()
    {
        await using var thaw = await ThawProcess.ServeAsync("echo");
        await using var page = await chromium.OpenAsync(thaw);
        await page.ConnectAsync();

        await page.DisconnectAsync();

        Assert.Equal("idle", await page.StateAsync());
        Assert.Contains("ClientLeft", await thaw.LoggedAsync("ended", Soon), StringComparison.Ordinal);
        Assert.DoesNotContain(thaw.Log, line => (line.Contains("fail", StringComparison.Ordinal) || line.Contains("warn", StringComparison.Ordinal))
            && !line.Contains("rehearsal", StringComparison.Ordinal)); // which a busy machine does not finish in its 3 s
    }

    [Fact]
    public async Task Five_calls_in_a_row_all_connect_and_are_heard()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("tone"));
        for (int call = 1; call <= 5; call++)
        {
            var stats = await page.ConnectAsync();
            Assert.Equal(call, stats.GetProperty("attempt").GetInt32());
            Assert.Equal(1, stats.GetProperty("tries").GetInt32());
            await page.UntilHeardAsync(Soon);
            await page.DisconnectAsync();
        }
    }

    [Fact]
    public async Task Two_tabs_call_at_once_and_one_goes_on_when_the_other_leaves()
    {
        await using var first = await chromium.OpenAsync(await servers.GetAsync("echo"));
        var second = await first.OpenBesideAsync();

        await Task.WhenAll(first.ConnectAsync(), second.ConnectAsync());
        await Task.WhenAll(first.UntilHeardAsync(Soon), second.UntilHeardAsync(Soon));
        await first.DisconnectAsync();

        await second.UntilHeardAsync(Soon);
        Assert.Equal("1", (await second.EvaluateAsync("window.thaw.request('still', 1)", Soon)).GetRawText());
        Assert.Equal("connected", await second.StateAsync());
    }

    [Fact]
    public async Task CtrlC_says_goodbye_to_the_page_and_exits_cleanly()
    {
        await using var thaw = await ThawProcess.ServeAsync("echo");
        await using var page = await chromium.OpenAsync(thaw);
        await page.ConnectAsync();
        await page.EvaluateAsync("(window.goodbye = [], window.thaw.channel().addEventListener('message', m => window.goodbye.push(m.data)), window.thaw.channel().addEventListener('close', () => window.goodbye.push('close')), 0)", Soon);

        int exit = await thaw.InterruptAsync();

        // Without the goodbye the stock client stays "ready" for 5 s and then calls again by itself.
        await page.UntilStateAsync("ended", TimeSpan.FromSeconds(2));
        Assert.Equal(0, exit);
        var order = (await page.EvaluateAsync("window.goodbye.filter(m => m === 'close' || m.includes('peerLeft')).map(m => m === 'close' ? m : 'peerLeft')", Soon)).EnumerateArray();
        Assert.Equal("peerLeft", order.First().GetString());
        Assert.Contains("Shutdown", await thaw.LoggedAsync("ended", Soon), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_finishes_in_time_also_with_a_client_that_has_crashed()
    {
        await using var thaw = await ThawProcess.ServeAsync("echo");
        await using var page = await chromium.OpenAsync(thaw);
        await page.ConnectAsync();
        await page.CrashAsync();

        Assert.Equal(0, await thaw.InterruptAsync()); // -1 if it does not end by itself within 10 s
    }

    private static string? Type(JsonElement message) => message.TryGetProperty("type", out var type) ? type.GetString() : null;

    private static async Task<List<JsonElement>> MessagesAsync(ThawPage page)
        => [.. (await page.EvaluateAsync("window.thaw.messages().map(m => JSON.parse(m.data))", Soon)).EnumerateArray()];
}
