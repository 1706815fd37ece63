using Xunit;

namespace Thaw.Interop.Tests.Networks;

/// <summary>Nothing but routers between them: UDP goes straight.</summary>
public sealed class DirectTests(Chromium chromium)
{
    public static TheoryData<string> Names => [.. AllNetworks.Direct.Select(n => n.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_call_connects_and_is_heard(string network) => await Scene.PlayAsync(chromium, network);
}

/// <summary>UDP is blocked: TCP to the server, or to a relay of the client's.</summary>
public sealed class WithoutUdpTests(Chromium chromium)
{
    public static TheoryData<string> Names => [.. AllNetworks.WithoutUdp.Select(n => n.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_call_connects_and_is_heard(string network) => await Scene.PlayAsync(chromium, network);
}

/// <summary>No straight way at all, or none by UDP: a relay of either side.</summary>
public sealed class RelayTests(Chromium chromium)
{
    public static TheoryData<string> Names => [.. AllNetworks.Relayed.Select(n => n.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_call_connects_and_is_heard(string network) => await Scene.PlayAsync(chromium, network);
}

/// <summary>No way but the server's own relay, of which nobody was told but the page by its server.</summary>
public sealed class EmbeddedRelayTests(Chromium chromium)
{
    public static TheoryData<string> Names => [.. AllNetworks.Embedded.Select(n => n.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_call_connects_and_is_heard(string network) => await Scene.PlayAsync(chromium, network);

    [Fact]
    public async Task On_one_machine_a_default_server_relays_over_loopback()
    {
        const string RelayOnly = """
            window.RTCPeerConnection = class extends RTCPeerConnection {
              constructor(config = {}) { super({ ...config, iceTransportPolicy: 'relay' }); }
            };
            """;
        await using var server = await ThawProcess.ServeAsync("echo");
        await using var page = await chromium.OpenAsync(server, script: RelayOnly);

        await page.ConnectAsync();

        await page.UntilHeardAsync(TimeSpan.FromSeconds(10));
        await page.UntilAsync("the path is a relay's", "thaw.stats().path?.route === 'relay'", TimeSpan.FromSeconds(10));
    }
}

/// <summary>Packets are lost or late.</summary>
public sealed class BadLineTests(Chromium chromium)
{
    public static TheoryData<string> Names => [.. AllNetworks.BadLines.Select(n => n.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_call_connects_and_is_heard(string network) => await Scene.PlayAsync(chromium, network);
}

/// <summary>Nothing can connect: the wait ends, and its end has a name.</summary>
public sealed class BlockedTests(Chromium chromium)
{
    // All at once: they do nothing but wait.
    [Fact]
    public async Task The_reason_is_named_in_time() => await Task.WhenAll(AllNetworks.Blocked.Select(n => Scene.PlayAsync(chromium, n.Name)));
}

internal static class Scene
{
    public static async Task PlayAsync(Chromium chromium, string name)
    {
        var network = AllNetworks.All.Single(n => n.Name == name);
        await using var call = await Call.PrepareAsync(chromium, network);

        var outcome = await call.ConnectAsync();
        NetworkTable.Record(network.Name, outcome.Summary, outcome.Took, network.Budget);

        bool asItShall = outcome.Summary == network.Expected && outcome.IsWithin(network.Budget);
        asItShall &= outcome.Verdict.Length == 0 || outcome.Words.Contains("No connection after 1 attempt", StringComparison.Ordinal);
        Assert.True(asItShall, $"{network.Expected} was to come within {network.Budget.TotalSeconds:0} s, and {outcome} came. {await call.DescribeAsync()}");
    }
}
