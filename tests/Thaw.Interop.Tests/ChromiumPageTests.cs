using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>The page itself: where it talks to, what policy it keeps, who can use it.</summary>
public sealed class ChromiumPageTests(Chromium chromium, Servers servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_whole_call_asks_nobody_but_its_own_server()
    {
        var server = await servers.GetAsync("echo");
        var asked = new ConcurrentQueue<string>();
        await using var page = await chromium.OpenAsync(server, prepare: p =>
        {
            p.Context.Request += (_, request) => asked.Enqueue(request.Url);
            return Task.CompletedTask;
        });
        await page.ConnectAsync();
        await page.UntilHeardAsync(Soon);
        await page.DisconnectAsync();

        Assert.Contains(server.At("/start").ToString(), asked);
        Assert.All(asked, url => Assert.StartsWith(server.Url.ToString(), url, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_whole_call_keeps_the_strict_policy_and_logs_no_error()
    {
        var errors = new ConcurrentQueue<string>();
        const string Watch = "window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(`${e.violatedDirective} ${e.blockedURI}`))";
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"), script: Watch, prepare: p =>
        {
            p.Console += (_, message) => { if (message.Type is "error" or "warning") errors.Enqueue(message.Text); };
            p.PageError += (_, error) => errors.Enqueue(error);
            return Task.CompletedTask;
        });
        await page.ConnectAsync();
        await page.DisconnectAsync();

        Assert.Equal("[]", (await page.EvaluateAsync("window.violations", Soon)).GetRawText());
        Assert.Empty(errors);

        // And there is a policy that would have been broken.
        await page.EvaluateAsync("fetch('https://example.invalid/').catch(() => 0)", Soon);
        await page.UntilAsync("a request elsewhere is a violation", "window.violations.some(v => v.startsWith('connect-src'))", Soon);
    }

    [Theory]
    [InlineData(320, 640)]
    [InlineData(1280, 800)]
    public async Task Axe_finds_nothing_in_light_and_dark_idle_connected_and_failed(int width, int height)
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        await page.Page.SetViewportSizeAsync(width, height);

        await AuditAsync(page, $"idle, {width} px");
        await page.ConnectAsync();
        await page.UntilAsync("all steps are ok", "window.thaw.timeline().every(s => s.status === 'ok')", Soon);
        await AuditAsync(page, $"connected, {width} px");
        await page.DisconnectAsync();

        await page.Page.RouteAsync("**/api/offer", route => route.FulfillAsync(new() { Status = 409, ContentType = "application/json", Body = """{"detail":"Not today."}""" }));
        Assert.Contains("Not today.", await page.FailToConnectAsync(Soon), StringComparison.Ordinal);
        await AuditAsync(page, $"failed, {width} px");
        Assert.True((await page.EvaluateAsync("document.documentElement.scrollWidth <= innerWidth", Soon)).GetBoolean(), $"the page is wider than {width} px");
    }

    private static async Task AuditAsync(ThawPage page, string what)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.Page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
            var result = await page.Page.RunAxe();
            var found = result.Violations.SelectMany(v => v.Nodes.Select(n => $"{what}, {scheme}: {v.Id}: {v.Help}: {n.Html}"));
            Assert.NotEmpty(result.Passes);
            Assert.Empty(found);
        }
    }
}
