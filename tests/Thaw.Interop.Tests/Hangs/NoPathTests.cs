using Xunit;

namespace Thaw.Interop.Tests.Hangs;

/// <summary>Rows 7, 8 and 9 of docs/rfc/voice.md in a real browser: answers that cannot lead to a connection.</summary>
public sealed class NoPathTests(Chromium chromium, Servers servers)
{
    // Chromium: 15 s of checks and 5 s of grace for an attempt, of which the server allows two where a second one may help.
    private static readonly TimeSpan OneAttempt = TimeSpan.FromSeconds(30), TwoAttempts = TimeSpan.FromSeconds(55), Soon = TimeSpan.FromSeconds(10);

    // The server has its verdict after 3 to 8 s and our page asks for it; alone it waits for 15 s.
    private static readonly TimeSpan ServersWord = TimeSpan.FromSeconds(12), PagesOwn = TimeSpan.FromSeconds(20);

    private const string Questions = "performance.getEntriesByType('resource').filter(r => r.name.includes('/api/calls/')).length";

    [Fact]
    public async Task Row_8_the_stock_client_that_would_try_for_ever_is_ended_with_the_reason()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"), "patient");
        using var hole = await page.Page.SwallowUdpAsync();

        string reason = await page.FailToConnectAsync(OneAttempt);

        Assert.Contains("No connection after 1 attempt. ICE: no UDP path", reason, StringComparison.Ordinal);
        Assert.Equal("failed", await page.StateAsync());
        Assert.Equal("409", (await page.EvaluateAsync("window.thaw.verdict.status", Soon)).GetRawText());
        Assert.Equal(0, (await page.EvaluateAsync(Questions, Soon)).GetInt32()); // told, as any stock client would be
    }

    [Fact]
    public async Task Row_8_our_page_does_not_wait_that_long_and_names_the_step()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        using var hole = await page.Page.SwallowUdpAsync();

        string reason = await page.FailToConnectAsync(ServersWord);

        Assert.Contains("No connection after 1 attempt. ICE: no UDP path", reason, StringComparison.Ordinal);
        Assert.Equal("\"ice-failed\"", (await page.EvaluateAsync("window.thaw.verdict.code", Soon)).GetRawText());
    }

    [Fact]
    public async Task Row_8_with_a_server_that_has_no_verdicts_the_page_ends_it_by_itself_after_fifteen_seconds()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        using var hole = await page.Page.SwallowUdpAsync();
        await page.Page.RouteAsync("**/api/calls/**", static route => route.FulfillAsync(new() { Status = 404, Body = "Not Found" }));

        string reason = await page.FailToConnectAsync(PagesOwn);

        Assert.DoesNotContain("No connection after", reason, StringComparison.Ordinal);
        Assert.Equal("\"ice-failed\"", (await page.EvaluateAsync("window.thaw.verdict.code", Soon)).GetRawText());
        Assert.Equal(1, (await page.EvaluateAsync(Questions, Soon)).GetInt32());
    }

    [Fact]
    public async Task Row_7_an_answer_that_lost_its_candidates_connects_all_the_same_because_the_server_checks_too()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        await page.Page.RewriteAnswersAsync(BrokenAnswers.WithoutCandidates);

        await page.ConnectAsync();

        await page.UntilHeardAsync(Soon);
    }

    [Fact]
    public async Task Row_7_where_the_browsers_candidates_are_lost_too_the_page_says_so_in_words()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        await page.Page.RewriteAnswersAsync(BrokenAnswers.WithoutCandidates);
        await page.Page.DropCandidatesAsync();

        await page.FailToConnectAsync(ServersWord);

        Assert.Equal("\"ice-not-started\"", (await page.EvaluateAsync("window.thaw.verdict.code", Soon)).GetRawText());
    }

    [Fact]
    public async Task Row_9_a_data_channel_that_never_opens_ends_with_the_reason()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"), "patient");
        await page.Page.RewriteAnswersAsync(sdp => sdp.Replace("a=sctp-port:5000", "a=sctp-port:5001", StringComparison.Ordinal));

        string reason = await page.FailToConnectAsync(TwoAttempts);

        Assert.Contains("data channel: the connection is encrypted, but the data channel did not open", reason, StringComparison.Ordinal);
    }
}
