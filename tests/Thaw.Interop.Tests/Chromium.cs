using Microsoft.Playwright;

namespace Thaw.Interop.Tests;

/// <summary>Debian's Chromium with a fake microphone, driven by Playwright. One browser for all tests of a class.</summary>
public sealed class Chromium : IAsyncDisposable
{
    // The fake device beeps once a second; with a file it plays the file. Loopback: tests have no other address to use.
    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        "--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task<IPage> OpenAsync(Uri url, BrowserNewPageOptions? options = null)
    {
        string executable = Executables.Chromium;
        _playwright ??= await Playwright.CreateAsync();
        _browser ??= await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = executable, Args = Flags });

        var page = await _browser.NewPageAsync(options ?? new());
        page.SetDefaultTimeout(20_000);
        await page.Context.GrantPermissionsAsync(["microphone"], new() { Origin = url.GetLeftPart(UriPartial.Authority) });
        await page.GotoAsync(url.ToString());
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
