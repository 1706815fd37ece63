using Xunit;

namespace Thaw.Interop.Tests.Hangs;

/// <summary>Row 2 of docs/rfc/voice.md: where the stock client alone would stay in "initializing" for ever.</summary>
public sealed class MicrophoneTests(Chromium chromium, Servers servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10), Patience = TimeSpan.FromSeconds(25);

    [Theory]
    [InlineData("new Promise(() => undefined)", "microphone-unanswered")]
    [InlineData("Promise.reject(new DOMException('Permission denied', 'NotAllowedError'))", "microphone-denied")]
    public async Task Row_2_a_microphone_that_is_not_given_ends_the_attempt_in_words(string answer, string verdict)
    {
        await using var page = await chromium.OpenAsync(await servers.GetAsync("echo"), script: $"navigator.mediaDevices.getUserMedia = () => {answer}");

        await page.FailToConnectAsync(Patience);

        Assert.Equal($"\"{verdict}\"", (await page.EvaluateAsync("window.thaw.verdict.code", Soon)).GetRawText());
        Assert.True(await page.Page.IsVisibleAsync("[data-testid=verdict]"));
    }
}
