using Microsoft.Playwright;
using Thaw.Interop.Tests.Networks;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Browsers that may use nothing but our relay: both ends of a call in one page, and so both allocations on one relay.</summary>
public sealed class RelayBrowserTests(Chromium chromium)
{
    private const int Terminate = 15, User1 = 10; // as Linux numbers them

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static readonly Uri Call = new(Path.Combine(AppContext.BaseDirectory, "Peers", "relay_call.html"));

    [Fact]
    public async Task Chromium_calls_through_it_over_UDP_TCP_and_TLS()
    {
        await using var relay = await LabRelay.StartAsync();
        await using var browser = await LaunchAsync(relay);
        foreach (string transport in (string[])["udp", "tcp", "tls"])
        {
            var page = await OpenAsync(browser);
            string[] paths = await page.EvaluateAsync<string[]>($"call({LabRelay.IceServer(transport)})").WaitAsync(Limit, TestContext.Current.CancellationToken);
            Assert.Equal([$"relay-relay {transport}", $"relay-relay {transport}"], paths);
            await page.CloseAsync();
        }
    }

    [Fact]
    public async Task Firefox_calls_through_it_over_UDP_TCP_and_TLS()
    {
        string trust = Executables.Find("certutil", "libnss3-tools");
        await using var relay = await LabRelay.StartAsync();
        // It has no use for turns: with an address, so every name is the relay's.
        const string Resolver = $"""user_pref("network.dns.forceResolve", "{LabRelay.Address}");""";
        await using var firefox = await Firefox.LaunchAsync(relay.Network, (trust, relay.Certificate.AuthorityFile), Resolver);
        foreach (string transport in (string[])["udp", "tcp", "tls"])
        {
            await firefox.GoAsync(Call);
            var paths = await firefox.EvaluateAsync($"call({LabRelay.IceServer(transport, LabCertificate.Name)})");
            Assert.Equal([$"relay-relay {transport}", $"relay-relay {transport}"], paths.EnumerateArray().Select(path => path.GetString()));
            await firefox.EvaluateAsync("hangUp()");
        }
    }

    [Theory]
    [InlineData(User1, "udp")]
    [InlineData(Terminate, "tls")]
    public async Task A_relay_that_drains_keeps_a_browsers_call_refuses_the_next_and_ends_with_the_call(int signal, string transport)
    {
        await using var relay = await LabRelay.StartAsync("--drain-seconds", "120");
        await using var browser = await LaunchAsync(relay);
        var page = await OpenAsync(browser);
        await page.EvaluateAsync($"call({LabRelay.IceServer(transport)})").WaitAsync(Limit, TestContext.Current.CancellationToken);

        relay.Signal(signal);
        await relay.SaidAsync("draining");
        Assert.Equal("0 508", await page.EvaluateAsync<string>($"arrive({LabRelay.IceServer(transport)})").WaitAsync(Limit, TestContext.Current.CancellationToken));
        Assert.True(await page.EvaluateAsync<bool>("flows(20_000)").WaitAsync(Limit, TestContext.Current.CancellationToken)); // some seconds' worth
        Assert.Equal("still", await page.EvaluateAsync<string>("echoed('still')").WaitAsync(Limit, TestContext.Current.CancellationToken));
        Assert.False(relay.HasEnded);

        await page.EvaluateAsync("hangUp()");
        Assert.Equal(0, await relay.EndedAsync());
    }

    [Fact]
    public async Task After_kill_9_and_a_new_start_an_ICE_restart_brings_a_browsers_call_back()
    {
        await using var relay = await LabRelay.StartAsync();
        await using var browser = await LaunchAsync(relay);
        var page = await OpenAsync(browser);
        await page.EvaluateAsync($"call({LabRelay.IceServer("udp")})").WaitAsync(Limit, TestContext.Current.CancellationToken);

        await relay.KillAsync();
        await page.EvaluateAsync("until('the loss is noticed', () => ends.every(end => end.iceConnectionState !== 'connected' && end.iceConnectionState !== 'completed'), 30000)")
            .WaitAsync(Limit, TestContext.Current.CancellationToken);
        await relay.StartAgainAsync();
        Assert.True(await page.EvaluateAsync<bool>("restart()").WaitAsync(Limit, TestContext.Current.CancellationToken));
        Assert.Equal("back", await page.EvaluateAsync<string>("echoed('back')").WaitAsync(Limit, TestContext.Current.CancellationToken)); // the channel that was
    }

    private Task<IBrowser> LaunchAsync(LabRelay relay)
        => chromium.LaunchInAsync(relay.Network, new Uri($"http://{LabRelay.Address}"), $"--ignore-certificate-errors-spki-list={relay.Certificate.KeyHash}");

    private static async Task<IPage> OpenAsync(IBrowser browser)
    {
        var page = await browser.NewPageAsync();
        await page.GotoAsync(Call.ToString());
        return page;
    }
}
