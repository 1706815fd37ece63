using Xunit;

namespace Thaw.Interop.Tests.Networks;

/// <summary>The other engine behind a router, with UDP and without.</summary>
public sealed class FirefoxNetworkTests
{
    public static readonly string[] Names = ["Firefox behind a home router", "Firefox without UDP", "Firefox with nothing but the page's port"];

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15), Budget = TimeSpan.FromSeconds(6);

    [Fact]
    public async Task It_connects_over_UDP_and_where_that_is_blocked_over_TCP()
    {
        await using var lab = await Lab.BuildAsync();
        await using var thaw = await ThawProcess.ServeAsync(lab.Server, "echo", Lab.HttpPort, Lab.UdpPort, "--host", "0.0.0.0");
        await using var firefox = await Firefox.LaunchAsync(lab.Client);
        await firefox.GoAsync(new($"http://{Lab.ServerAddress}:{Lab.HttpPort}/client/?raw"));

        await CallAsync(Names[0], "udp");
        await Lab.FilterAsync(lab.Home, "meta l4proto udp drop");
        await CallAsync(Names[1], "tcp");
        await Lab.FilterAsync(lab.Home, "ct state established accept\ntcp dport 443 accept\ndrop");
        await CallAsync(Names[2], "tcp", "relay");

        async Task CallAsync(string name, string protocol, string route = "")
        {
            var clock = new Stopclock();
            var took = TimeSpan.FromMilliseconds((await firefox.EvaluateAsync("window.thaw.connect().then(s => s.readyMs)")).GetDouble());
            var starved = clock.Starved;
            await firefox.UntilAsync("the agent's sound has energy", "window.thaw.stats().vitals?.energyIn > 0.001", Soon);
            await firefox.UntilAsync($"the path is {protocol}", $"window.thaw.stats().path?.protocol === '{protocol}'", Soon);
            if (route.Length > 0) await firefox.UntilAsync($"the path is a {route}'s", $"window.thaw.stats().path?.route === '{route}'", Soon);
            NetworkTable.Record(name, route.Length > 0 ? $"{route} over {protocol}" : $"direct over {protocol}", took, Budget);
            Assert.InRange(took - starved, TimeSpan.MinValue, Budget);
            await firefox.EvaluateAsync("window.thaw.disconnect()");
        }
    }
}
