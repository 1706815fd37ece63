using System.Text.Json;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>What the browser's microphone hears and what the page hears back, measured in the page.</summary>
public sealed class ChromiumAudioTests(Chromium chromium, Servers servers)
{
    private const double Bin = 48_000.0 / 2048; // of the page's analyser
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task The_echo_has_the_microphones_frequency_and_loudness()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        await page.ConnectAsync();

        var heard = await LoudAsync(page);

        Assert.InRange(heard.GetProperty("hertz").GetDouble(), KnownSignal.Hertz - Bin, KnownSignal.Hertz + Bin);
        Assert.InRange(heard.GetProperty("maxRms").GetDouble(), KnownSignal.Rms * 0.7, KnownSignal.Rms * 1.4);
        Assert.InRange(heard.GetProperty("energy").GetDouble(), 10, double.MaxValue);
    }

    [Fact]
    public async Task The_tone_agent_is_heard_at_440_Hz_and_not_the_microphone()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("tone"));
        await page.ConnectAsync();

        var heard = await LoudAsync(page);

        Assert.InRange(heard.GetProperty("hertz").GetDouble(), 440 - Bin, 440 + Bin);
    }

    [Fact]
    public async Task The_loopback_agent_returns_the_browsers_own_packets()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("loopback"));
        await page.ConnectAsync();

        var heard = await LoudAsync(page);

        Assert.InRange(heard.GetProperty("hertz").GetDouble(), KnownSignal.Hertz - Bin, KnownSignal.Hertz + Bin);
    }

    [Fact]
    public async Task A_muted_microphone_is_heard_as_silence_until_it_is_on_again()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        await page.ConnectAsync();
        await page.UntilHeardAsync(Soon);

        await page.EvaluateAsync("(window.thaw.mute(true), 0)", Soon);
        // Longer than the gap in the signal.
        await page.UntilAsync("silence for 1.5 s",
            "(window.quiet = window.thaw.stats().audio.agent.rms < 1e-3 ? window.quiet ?? performance.now() : undefined) && performance.now() - window.quiet > 1500", Soon);

        await page.EvaluateAsync("(window.thaw.mute(false), 0)", Soon);
        await page.UntilHeardAsync(Soon);
    }

    [Fact]
    public async Task Who_speaks_is_shown_as_the_agent_tells_it()
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"));
        await page.ConnectAsync();

        await page.UntilAsync("you speak", "document.querySelector('[data-testid=you-speak]').dataset.on === 'true'", Soon);
        await page.UntilAsync("the agent speaks", "document.querySelector('[data-testid=agent-speaks]').dataset.on === 'true'", Soon);
        Assert.Contains("Echo is speaking", await page.Page.InnerTextAsync("body"), StringComparison.Ordinal);
        await page.EvaluateAsync("(window.thaw.mute(true), 0)", Soon);
        await page.UntilAsync("you are quiet", "document.querySelector('[data-testid=you-speak]').dataset.on !== 'true'", Soon);
    }

    private static async Task<JsonElement> LoudAsync(ThawPage page)
    {
        Assert.True((await page.StatsAsync()).GetProperty("audio").GetProperty("measuring").GetBoolean());
        await page.UntilAsync("the agent is as loud as the signal",
            FormattableString.Invariant($"window.thaw.stats().audio.agent.maxRms > {KnownSignal.Rms * 0.7}"), Soon);
        return await page.AgentAudioAsync();
    }
}
