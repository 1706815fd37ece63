using Xunit;

namespace Thaw.Interop.Tests.Hangs;

/// <summary>Rows 13 and 14 of docs/rfc/voice.md in a real browser: one side vanishes without a goodbye.</summary>
public sealed class LostServerTests(Chromium chromium)
{
    // The stock client takes 5 s to notice, waits 5 s, then calls again.
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(12), Recovery = TimeSpan.FromSeconds(40), Soon = TimeSpan.FromSeconds(10);

    // Consent: 30 s (RFC 7675 §5.1); then 10 s for a sign of life.
    private static readonly TimeSpan ServerNotices = TimeSpan.FromSeconds(55);

    [Fact]
    public async Task Row_13_and_14_a_server_that_crashed_and_is_back_is_called_again_and_hears_the_microphone()
    {
        await using var first = await ThawProcess.ServeAsync("echo");
        await using var page = await chromium.OpenAsync(first);
        await page.ConnectAsync();
        await page.UntilHeardAsync(Soon);

        await first.CrashAsync();
        await using var second = await ThawProcess.ServeAgainAsync(first, "echo");
        await page.UntilStateAsync("reconnecting", Noticed);
        await page.UntilAsync("the page has recovered", "window.thaw.state === 'connected' && window.thaw.stats().recoveries === 1", Recovery);

        // The stock client stops the microphone track of the connection it gives up.
        Assert.Equal("live", (await page.StatsAsync()).GetProperty("senderTrack").GetString());
        await page.UntilHeardAsync(Soon);
        Assert.Equal("1", (await page.EvaluateAsync("window.thaw.request('again', 1)", Soon)).GetRawText());
    }

    [Fact]
    public async Task Row_14_a_microphone_that_died_in_the_reconnect_is_reported_by_the_server()
    {
        // As any page has it that gives the stock client its one microphone track.
        const string OneTrack = "MediaStreamTrack.prototype.clone = function () { return this; }";
        await using var first = await ThawProcess.ServeAsync("echo");
        await using var page = await chromium.OpenAsync(first, script: OneTrack);
        await page.ConnectAsync();

        await first.CrashAsync();
        await using var second = await ThawProcess.ServeAgainAsync(first, "echo");
        await page.UntilStateAsync("reconnecting", Noticed);
        await page.UntilStateAsync("connected", Recovery);

        Assert.Equal("ended", (await page.StatsAsync()).GetProperty("senderTrack").GetString());
        await page.UntilAsync("the server has told of the silence", "window.thaw.messages().some(m => m.direction === 'in' && m.data.includes('microphone-silent'))", TimeSpan.FromSeconds(20));
        await second.LoggedAsync("audio packets in the first 10 s", Soon);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // the stock client alone would show "ready" for ever
    public async Task Row_13_a_server_that_never_comes_back_ends_the_call_in_words(bool itCrashed)
    {
        await using var thaw = await ThawProcess.ServeAsync("echo");
        await using var page = await chromium.OpenAsync(thaw);
        await page.ConnectAsync();

        if (itCrashed) await thaw.CrashAsync();
        else thaw.Freeze();

        await page.UntilStateAsync("reconnecting", Noticed);
        await page.UntilStateAsync("failed", Recovery);
        Assert.Equal("\"connection-lost\"", (await page.EvaluateAsync("window.thaw.verdict.code", Soon)).GetRawText());
    }

    [Fact]
    public async Task Row_13_a_tab_that_crashed_is_noticed_by_the_server()
    {
        await using var thaw = await ThawProcess.ServeAsync("echo");
        await using var page = await chromium.OpenAsync(thaw);
        await page.ConnectAsync();

        await page.CrashAsync();

        await thaw.LoggedAsync("ended", ServerNotices);
    }
}
