using Xunit;

namespace Thaw.Interop.Tests.Networks;

/// <summary>Networks through which a call connects.</summary>
public sealed class ConnectingTests(Chromium chromium)
{
    public static TheoryData<string> Names => [.. AllNetworks.Connecting.Select(n => n.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_call_connects_and_is_heard(string network) => await Scene.PlayAsync(chromium, AllNetworks.Connecting.Single(n => n.Name == network));
}

/// <summary>Networks through which nothing can connect: the wait ends, and its end has a name.</summary>
public sealed class BlockedTests(Chromium chromium)
{
    public static TheoryData<string> Names => [.. AllNetworks.Blocked.Select(n => n.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reason_is_named_in_time(string network) => await Scene.PlayAsync(chromium, AllNetworks.Blocked.Single(n => n.Name == network));
}

internal static class Scene
{
    public static async Task PlayAsync(Chromium chromium, Network network)
    {
        await using var call = await Call.PrepareAsync(chromium, network);

        var outcome = await call.ConnectAsync();
        NetworkTable.Record(network.Name, outcome.Summary, outcome.Took, network.Budget);

        bool asItShall = outcome.Summary == network.Expected && outcome.Took <= network.Budget;
        Assert.True(asItShall, $"{network.Expected} was to come within {network.Budget.TotalSeconds:0} s, and {outcome} came. {await call.DescribeAsync()}");
    }
}
