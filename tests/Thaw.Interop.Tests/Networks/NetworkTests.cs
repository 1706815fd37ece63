using Xunit;

namespace Thaw.Interop.Tests.Networks;

/// <summary>Networks through which a call connects.</summary>
public sealed class NetworkTests(Chromium chromium)
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(3);

    private static readonly Network[] Networks =
    [
        new("Both have public addresses", "host-host udp", AtOnce) { Client = Nat.None },
        new("Client behind a home router", "prflx-host udp", AtOnce),
    ];

    public static TheoryData<string> Names => [.. Networks.Select(n => n.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_connects(string name)
    {
        var network = Networks.Single(n => n.Name == name);
        await using var call = await Call.PrepareAsync(chromium, network);

        var outcome = await call.ConnectAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"{outcome}");

        Assert.Equal(network.Expected, outcome.Summary);
        Assert.InRange(outcome.Took, TimeSpan.Zero, network.Budget);
    }
}
