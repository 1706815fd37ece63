using System.Text.Json;
using Microsoft.Playwright;

namespace Thaw.Interop.Tests;

/// <summary>Our page in a browser, through its <c>window.thaw</c> (web/README.md).</summary>
internal sealed class ThawPage(IPage page) : IAsyncDisposable
{
    /// <summary>A whole connect, with room for a machine that does much else.</summary>
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(20);

    public IPage Page => page;

    /// <summary>Another tab of the same browser window; goes with this one.</summary>
    public async Task<ThawPage> OpenBesideAsync()
    {
        var tab = await page.Context.NewPageAsync();
        await tab.GotoAsync(page.Url);
        return new ThawPage(tab);
    }

    /// <summary>The tab is gone in mid-sentence: no pagehide, no goodbye.</summary>
    public async Task CrashAsync()
    {
        var crashed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        page.Crash += (_, _) => crashed.TrySetResult();
        var tools = await page.Context.NewCDPSessionAsync(page);
        _ = tools.SendAsync("Page.crash").ContinueWith(static failed => failed.Exception, TaskScheduler.Default); // nobody is left to answer
        await crashed.Task.WaitAsync(ConnectLimit);
    }

    /// <summary>Resolves with bot-ready, as the stock client's connect() does. Returns <c>stats()</c>.</summary>
    public Task<JsonElement> ConnectAsync() => EvaluateAsync("window.thaw.connect()", ConnectLimit);

    /// <summary>What connect() rejects with.</summary>
    public async Task<string> FailToConnectAsync(TimeSpan limit)
        => (await EvaluateAsync("window.thaw.connect().then(() => 'it connected', e => e.message)", limit)).GetString()!;

    public Task DisconnectAsync() => EvaluateAsync("window.thaw.disconnect()", ConnectLimit);

    public async Task<string> StateAsync() => (await EvaluateAsync("window.thaw.state", ConnectLimit)).GetString()!;

    public Task<JsonElement> StatsAsync() => EvaluateAsync("window.thaw.stats()", ConnectLimit);

    /// <summary>The strongest frequency of the loudest moment that came from the agent.</summary>
    public async Task<JsonElement> AgentAudioAsync() => (await StatsAsync()).GetProperty("audio").GetProperty("agent");

    public async Task<JsonElement> EvaluateAsync(string expression, TimeSpan limit)
    {
        try
        {
            // Text, because Playwright's own serialisation makes other types of numbers and undefined.
            string? json = await page.EvaluateAsync<string?>($"async () => JSON.stringify(await ({expression}))").WaitAsync(limit);
            return json is null ? default : JsonElement.Parse(json);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{expression} took more than {limit.TotalSeconds:0} s. {await DescribeAsync()}");
        }
    }

    /// <summary>Waits for a JavaScript condition, whose name a failure tells.</summary>
    public async Task UntilAsync(string name, string condition, TimeSpan limit)
    {
        try
        {
            await page.WaitForFunctionAsync($"() => {condition}", null, new() { Timeout = (float)limit.TotalMilliseconds, PollingInterval = 50 });
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"\"{name}\" did not come true in {limit.TotalSeconds:0} s. {await DescribeAsync()}");
        }
    }

    public Task UntilStateAsync(string state, TimeSpan limit) => UntilAsync($"the page is {state}", $"window.thaw.state === '{state}'", limit);

    /// <summary>Sound of the agent that is no noise: a tenth of what the tone has.</summary>
    public Task UntilHeardAsync(TimeSpan limit)
        => UntilAsync("the agent is heard", FormattableString.Invariant($"window.thaw.stats().audio.agent.rms > {KnownSignal.Rms / 10}"), limit);

    public async ValueTask DisposeAsync() => await page.Context.CloseAsync();

    public async Task<string> DescribeAsync()
    {
        const string Expression = "() => JSON.stringify({ state: thaw.state, headline: thaw.headline, verdict: thaw.verdict, timeline: thaw.timeline(), stats: thaw.stats() })";
        try
        {
            return "The page says: " + await page.EvaluateAsync<string>(Expression).WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (Exception e) when (e is TimeoutException or PlaywrightException)
        {
            return $"The page says nothing: {e.Message}";
        }
    }
}
