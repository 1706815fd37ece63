using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>The other engine: nICEr, NSS and an SCTP of its own.</summary>
public sealed class FirefoxTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task The_stock_client_connects_hears_talks_hangs_up_and_connects_again()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        await using var thaw = await ThawProcess.ServeAsync(network, "echo");
        await using var firefox = await Firefox.LaunchAsync(network);
        await firefox.GoAsync(thaw.At("/client/?raw"));

        for (int call = 1; call <= 2; call++)
        {
            var stats = await firefox.EvaluateAsync("window.thaw.connect()");
            Assert.Equal(call, stats.GetProperty("attempt").GetInt32());
            Assert.Equal(1, stats.GetProperty("tries").GetInt32());

            Assert.Equal("\"both ways\"", (await firefox.EvaluateAsync("window.thaw.request('mirror', 'both ways')")).GetRawText());
            // Without a sound card the page has no audio clock; this is the browser's own measure of what it decoded.
            await firefox.UntilAsync("the agent's sound has energy", "window.thaw.stats().vitals?.energyIn > 0.001", Soon);

            await firefox.EvaluateAsync("window.thaw.disconnect()");
            Assert.Equal("idle", (await firefox.EvaluateAsync("window.thaw.state")).GetString());
        }

        await thaw.LoggedAsync("ended: ClientLeft", Soon);
    }
}
