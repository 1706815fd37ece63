using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>A peer that is no browser: what Pipecat's own server is built on, here as the client.</summary>
public sealed class AiortcTests(Servers servers)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Loopback_returns_audio_text_and_16_KiB_of_binary()
    {
        var saw = await CallAsync(await servers.GetAsync("loopback"), "--expect", "3");

        Assert.True(saw.GetProperty("opened").GetBoolean(), saw.GetRawText());
        Assert.True(saw.GetProperty("enough").GetBoolean(), saw.GetRawText());
        Assert.InRange(saw.GetProperty("tone_share").GetDouble(), 0.8, 1);
        var messages = saw.GetProperty("messages").EnumerateArray().ToList();
        Assert.Contains(messages, m => m.ValueKind is JsonValueKind.String && m.GetString()!.Contains("bot-ready", StringComparison.Ordinal) && m.GetString()!.Contains("ab12cd34", StringComparison.Ordinal));
        Assert.Contains(messages, m => m.ValueKind is JsonValueKind.String && m.GetString() == "plain text");
        Assert.Contains(messages, m => m.ValueKind is JsonValueKind.Object && m.GetProperty("bytes").GetInt32() == 16_384 && m.GetProperty("intact").GetBoolean());
    }

    [Theory]
    [InlineData("echo", "1000")] // its own tone, decoded, delayed and encoded again
    [InlineData("tone", "440")]
    public async Task An_agents_sound_arrives_as_it_was_made(string agent, string hertz)
    {
        var saw = await CallAsync(await servers.GetAsync(agent), "--hear", hertz);

        Assert.True(saw.GetProperty("enough").GetBoolean(), saw.GetRawText());
        Assert.InRange(saw.GetProperty("tone_share").GetDouble(), 0.8, 1);
    }

    [Fact]
    public async Task A_client_whose_certificate_is_not_the_one_it_announced_gets_nothing()
    {
        await using var thaw = await ThawProcess.ServeAsync("tone");

        var calling = CallAsync(thaw, "--wrong-fingerprint");
        await thaw.LoggedAsync("DtlsFailed", Limit);
        var saw = await calling;

        Assert.False(saw.GetProperty("opened").GetBoolean());
        Assert.Equal(0, saw.GetProperty("frames").GetInt32());
    }

    private static async Task<JsonElement> CallAsync(ThawProcess thaw, params string[] arguments)
    {
        Executables.RequireAiortc();
        string script = Path.Combine(AppContext.BaseDirectory, "Peers", "aiortc_client.py");
        double limit = arguments is ["--wrong-fingerprint"] ? 5 : Limit.TotalSeconds;
        string[] line = [script, thaw.At("/api/offer").ToString(), limit.ToString(System.Globalization.CultureInfo.InvariantCulture), .. arguments];
        using var client = Process.Start(new ProcessStartInfo(Executables.Python, line) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = client.StandardError.ReadToEndAsync();
        try
        {
            string output = await client.StandardOutput.ReadToEndAsync().WaitAsync(Limit + TimeSpan.FromSeconds(15));
            Assert.True(output.Length > 0, $"aiortc_client.py printed nothing: {await errors}");
            return JsonElement.Parse(output);
        }
        finally
        {
            if (!client.HasExited) client.Kill();
        }
    }
}
