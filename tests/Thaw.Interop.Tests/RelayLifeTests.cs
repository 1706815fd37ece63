using System.Text.Json;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>What signals do to <c>thaw relay</c>, as its owner sends them: no call is lost.</summary>
public sealed class RelayLifeTests : IDisposable
{
    private const int Hangup = 1, Terminate = 15, User1 = 10; // as Linux numbers them

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("thaw-life-");
    private readonly SocketEcho _peer = new();

    public RelayLifeTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "signals are numbered as Linux does");

    public void Dispose()
    {
        _peer.Dispose();
        _files.Delete(recursive: true);
    }

    [Fact]
    public async Task SIGHUP_reads_the_files_anew_in_every_loop_and_calls_go_on()
    {
        string users = Write("users", "# who may\nalice:one\n"), secrets = Write("secrets", "north\n");
        await using var relay = await SignalledRelay.StartAsync("--user-file", users, "--auth-secret-file", secrets, "--threads", "2");
        using var call = new WireTurnClient(relay.Port, "alice", "one");
        Assert.Equal(0, call.Allocate());
        Assert.Equal(0, call.Bind(_peer.Address));
        Assert.True(call.Echoes());

        Write("users", "bob:two, three  and four\n");
        Write("secrets", "south\n");
        relay.Signal(Hangup);
        await relay.SaidAsync("reloaded: 1 users, 1 secrets, 0 keys");

        for (int i = 0; i < 8; i++) // whichever loop has each
        {
            using var bob = new WireTurnClient(relay.Port, "bob", "two, three  and four");
            using var alice = new WireTurnClient(relay.Port, "alice", "one");
            using var south = WireTurnClient.Minted(relay.Port, "south");
            using var north = WireTurnClient.Minted(relay.Port, "north");
            Assert.Equal((0, 401, 0, 401), (bob.Allocate(), alice.Allocate(), south.Allocate(), north.Allocate()));
        }

        Assert.True(call.Echoes());
        Assert.Equal(0, call.Refresh());
        Assert.DoesNotContain(relay.Log, line => line.Contains("three", StringComparison.Ordinal) || line.Contains("south", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broken_file_leaves_the_old_in_force_and_is_said_by_its_line()
    {
        string users = Write("users", "alice:one\n");
        await using var relay = await SignalledRelay.StartAsync("--user-file", users, "--threads", "1");

        Write("users", "bob:two\nSECRETWORD\n");
        relay.Signal(Hangup);
        await relay.SaidAsync($"not-reloaded: what was before stays in force: {users}, line 2: a user is NAME:PASSWORD.");
        Write("users", "bob:two\nbob:three\n");
        relay.Signal(Hangup);
        await relay.SaidAsync("Two users are called bob");
        File.Delete(users);
        relay.Signal(Hangup);
        await relay.SaidAsync("Could not find file");

        using var alice = new WireTurnClient(relay.Port, "alice", "one");
        Assert.Equal(0, alice.Allocate());
        Assert.DoesNotContain(relay.Log, line => line.Contains("SECRETWORD", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SIGUSR1_takes_no_new_calls_and_stops_when_the_last_has_ended()
    {
        await using var relay = await SignalledRelay.StartAsync("--user", "alice:one", "--threads", "2", "--log", "json");
        using var call = new WireTurnClient(relay.Port, "alice", "one");
        Assert.Equal(0, call.Allocate());
        Assert.Equal(0, call.Bind(_peer.Address));

        relay.Signal(User1);
        await relay.SaidAsync("\"draining\"");
        for (int i = 0; i < 8; i++)
        {
            using var late = new WireTurnClient(relay.Port, "alice", "one");
            Assert.Equal(508, late.Allocate());
        }

        Assert.True(call.Echoes());
        Assert.Equal(0, call.Refresh());
        Assert.False(relay.HasEnded);
        Assert.Equal(0, call.Refresh(lifetime: 0));
        Assert.Equal(0, await relay.EndedAsync());
        string[] causes = [.. relay.Log.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("cause", out _)).Select(line => line.GetProperty("cause").GetString()!)];
        Assert.Contains("turn.draining", causes);
    }

    [Fact]
    public async Task A_draining_relay_sends_new_clients_to_its_alternate()
    {
        await using var relay = await SignalledRelay.StartAsync("--user", "alice:one", "--threads", "1", "--alternate-server", "192.0.2.1:3478");
        using var call = new WireTurnClient(relay.Port, "alice", "one");
        Assert.Equal(0, call.Allocate());
        relay.Signal(User1);
        await relay.SaidAsync("draining");
        using var late = new WireTurnClient(relay.Port, "alice", "one");
        Assert.Equal(300, late.Allocate());
    }

    [Fact]
    public async Task SIGTERM_lets_a_call_end_and_then_stops()
    {
        await using var relay = await SignalledRelay.StartAsync("--user", "alice:one", "--threads", "2", "--drain-seconds", "60");
        using var call = new WireTurnClient(relay.Port, "alice", "one");
        Assert.Equal(0, call.Allocate());
        Assert.Equal(0, call.Bind(_peer.Address));

        relay.Signal(Terminate);
        using var late = new WireTurnClient(relay.Port, "alice", "one");
        for (int tries = 0; tries < 50 && late.Allocate() is 0; tries++) late.Refresh(lifetime: 0); // until it has heard
        Assert.Equal(508, late.Allocate());
        Assert.True(call.Echoes());
        Assert.False(relay.HasEnded);
        call.Refresh(lifetime: 0);
        Assert.Equal(0, await relay.EndedAsync());
    }

    [Fact]
    public async Task SIGTERM_waits_no_longer_than_drain_seconds_also_after_SIGUSR1_and_the_second_not_at_all()
    {
        await using var patient = await SignalledRelay.StartAsync("--user", "alice:one", "--threads", "1", "--drain-seconds", "1");
        await using var hurried = await SignalledRelay.StartAsync("--user", "alice:one", "--threads", "1", "--drain-seconds", "600");
        using WireTurnClient one = new(patient.Port, "alice", "one"), two = new(hurried.Port, "alice", "one");
        Assert.Equal((0, 0), (one.Allocate(), two.Allocate()));

        patient.Signal(User1);
        await patient.SaidAsync("draining");
        patient.Signal(Terminate);
        Assert.Equal(0, await patient.EndedAsync());

        hurried.Signal(Terminate);
        while (two.Refresh() == 0 && !hurried.HasEnded)
        {
            hurried.Signal(Terminate);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal(130, await hurried.EndedAsync());
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_files.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
