using System.Diagnostics;
using System.Net;
using Thaw.Interop.Tests.Net;
using Thaw.Net;
using Thaw.Net.Loop;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Addresses that come and go, in a network namespace of its own so that no one else's change.</summary>
public sealed class NetAddressTests
{
    private const string InNamespace = "THAW_TEST_IN_NAMESPACE";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Addresses_are_followed_as_they_come_and_go()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "needs Linux and root for a network namespace");
        Assert.SkipUnless(File.Exists("/usr/bin/unshare") && (await RunAsync("unshare", ["-n", "true"])).Exit == 0, "network namespaces cannot be made here");

        string program = Path.ChangeExtension(typeof(NetAddressTests).Assembly.Location, null);
        var (exit, output) = await RunAsync("unshare", ["-n", program, "-method", $"*.{nameof(Inside_the_namespace)}"], (InNamespace, "1"));

        Assert.True(exit == 0 && output.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", StringComparison.Ordinal), output);
    }

    [Fact]
    public async Task Inside_the_namespace()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(InNamespace) == "1", "run by Addresses_are_followed_as_they_come_and_go");
        await Ip("link", "set", "lo", "up");
        var options = new PeerHostOptions { UdpPort = 0, Shards = 2, AddressRefresh = TimeSpan.FromSeconds(1) };
        await using var port = SharedPort.Open(options, new Clock(TimeProvider.System));
        var session = await port.AddAsync((seat, _) => new EchoPeer(seat, "one"), new NetListener(), Cancel);
        var added = IPAddress.Parse("10.99.0.1");
        Assert.DoesNotContain(port.Candidates, c => c.Address.Address.Equals(added));

        await Ip("addr", "add", "10.99.0.1/32", "dev", "lo");
        await Until(() => port.Candidates.Any(c => c.Address.Address.Equals(added)));
        using var client = new NetClient(added, port.UdpPort);
        Assert.True(client.Check(session.Peer.LocalUfrag!));

        await Ip("addr", "del", "10.99.0.1/32", "dev", "lo");
        await Until(() => !port.Candidates.Any(c => c.Address.Address.Equals(added)));

        using var loopback = new NetClient(IPAddress.Loopback, port.UdpPort);
        Assert.True(loopback.Check(session.Peer.LocalUfrag!));
        Assert.False(port.Completion.IsCompleted);

        await Ip("addr", "add", "10.99.0.1/32", "dev", "lo"); // and back: the port is free again
        await Until(() => port.Candidates.Any(c => c.Address.Address.Equals(added)));
    }

    private static async Task Ip(params string[] arguments) => Assert.Equal(0, (await RunAsync("ip", arguments)).Exit);

    private static async Task<(int Exit, string Output)> RunAsync(string program, string[] arguments, (string Name, string Value)? variable = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        if (variable is var (name, value)) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, output);
    }

    private static async Task Until(Func<bool> condition)
    {
        for (int i = 0; i < 500 && !condition(); i++) await Task.Delay(10, Cancel);
        Assert.True(condition());
    }
}
