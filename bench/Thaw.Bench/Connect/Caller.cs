using Microsoft.Playwright;

namespace Thaw.Bench.Connect;

/// <summary>Debian's Chromium with a fake microphone: one browser for all runs, a new page for each.</summary>
internal sealed class Caller : IAsyncDisposable
{
    // As tests/Thaw.Interop.Tests/Chromium.cs has them.
    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        "--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required",
    ];

    // The page's own work after loading must not count.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(400);

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly CallPage _calls;

    private Caller(IPlaywright playwright, IBrowser browser, CallPage calls) => (_playwright, _browser, _calls) = (playwright, browser, calls);

    public string Version => _browser.Version;

    public static async Task<Caller> StartAsync(CallPage calls)
    {
        var playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Find("chromium"), Args = Flags }), calls);
    }

    public async Task<ConnectTimes> CallAsync(Contestant server)
    {
        var page = await _browser.NewPageAsync();
        try
        {
            await page.Context.GrantPermissionsAsync(["microphone"], new() { Origin = server.Address.GetLeftPart(UriPartial.Authority) });
            await _calls.OpenAsync(page, server.Address);
            await Task.Delay(Settle);
            var times = ConnectTimes.From((await page.EvaluateAsync(_calls.Call))!.Value);
            await page.EvaluateAsync(_calls.HangUp);
            return times;
        }
        finally
        {
            await page.Context.CloseAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private static string Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists) ?? throw new FileNotFoundException($"{name} is not installed (Debian package {name}).");
}
