using Microsoft.Playwright;

namespace Thaw.Interop.Tests;

/// <summary>
/// Debian's Chromium, driven by Playwright: one browser for all tests, a context for each page. Its microphone plays a
/// signal that we know.
/// </summary>
public sealed class Chromium : IAsyncDisposable
{
    // Tests have no other address to use.
    private const string Loopback = "--allow-loopback-in-peer-connection";

    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        Loopback, "--autoplay-policy=no-user-gesture-required",
    ];

    private readonly string _signal = Path.Combine(Path.GetTempPath(), $"thaw-{Guid.NewGuid():N}.wav");
    private readonly SemaphoreSlim _starting = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The page, opened and idle. <paramref name="script"/> runs before any of the page's own.</summary>
    internal async Task<ThawPage> OpenAsync(ThawProcess server, string query = "raw", string? script = null, Func<IPage, Task>? prepare = null)
        => await OpenAsync(server.At($"/client/?{query}"), script, prepare);

    internal async Task<ThawPage> OpenAsync(Uri url, string? script = null, Func<IPage, Task>? prepare = null)
        => await OpenAsync(await BrowserAsync(), url, script, prepare);

    /// <summary>Another browser, inside <paramref name="network"/>, to which <paramref name="secure"/> is as good as HTTPS.</summary>
    internal async Task<IBrowser> LaunchInAsync(NetworkNamespace network, Uri secure, params string[] more)
    {
        string executable = Executables.Chromium;
        var playwright = await PlaywrightAsync();
        return await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Path.Combine(AppContext.BaseDirectory, "Peers", "chromium-in-network.sh"),
            Env = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(v => (string)v.Key, v => (string)v.Value!)
                .Concat([new("THAW_NETWORK", network.Name), new("THAW_CHROMIUM", executable)]),
            Args =
            [
                .. Flags.Where(flag => flag != Loopback), $"--use-file-for-fake-audio-capture={_signal}",
                $"--unsafely-treat-insecure-origin-as-secure={secure.GetLeftPart(UriPartial.Authority)}", .. more,
            ],
        });
    }

    internal static async Task<ThawPage> OpenAsync(IBrowser browser, Uri url, string? script = null, Func<IPage, Task>? prepare = null)
    {
        var context = await browser.NewContextAsync();
        await context.GrantPermissionsAsync(["microphone"], new() { Origin = url.GetLeftPart(UriPartial.Authority) });
        if (script is not null) await context.AddInitScriptAsync(script);
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(20_000);
        if (prepare is not null) await prepare(page);
        await page.GotoAsync(url.ToString());
        return new ThawPage(page);
    }

    private async Task<IBrowser> BrowserAsync()
    {
        string executable = Executables.Chromium;
        var playwright = await PlaywrightAsync();
        await _starting.WaitAsync();
        try
        {
            return _browser ??= await playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = executable,
                Args = [.. Flags, $"--use-file-for-fake-audio-capture={_signal}"],
            });
        }
        finally
        {
            _starting.Release();
        }
    }

    private async Task<IPlaywright> PlaywrightAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_playwright is not null) return _playwright;
            await File.WriteAllBytesAsync(_signal, KnownSignal.Wave());
            return _playwright = await Playwright.CreateAsync();
        }
        finally
        {
            _starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        _starting.Dispose();
        File.Delete(_signal);
    }
}

/// <summary>What the fake microphone hears: a second of 1 kHz, then half a second of nothing, and so on.</summary>
internal static class KnownSignal
{
    public const double Hertz = 1000;

    /// <summary>Root mean square of the tone, on the page's scale of 0 to 1.</summary>
    public const double Rms = Amplitude * 0.7071;

    private const double Amplitude = 0.25;
    private const int Rate = 48_000, Tone = Rate, Length = Rate * 3 / 2;

    public static byte[] Wave()
    {
        var wave = new MemoryStream();
        using var writer = new BinaryWriter(wave);
        writer.Write("RIFF"u8);
        writer.Write(36 + Length * 2);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1); // PCM
        writer.Write((short)1); // mono
        writer.Write(Rate);
        writer.Write(Rate * 2);
        writer.Write((short)2);
        writer.Write((short)16);
        writer.Write("data"u8);
        writer.Write(Length * 2);
        for (int i = 0; i < Length; i++)
            writer.Write((short)(i < Tone ? short.MaxValue * Amplitude * Math.Sin(2 * Math.PI * Hertz * i / Rate) : 0));
        return wave.ToArray();
    }
}
