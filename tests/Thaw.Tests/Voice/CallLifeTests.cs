using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Peer;
using Thaw.Voice;
using Xunit;

namespace Thaw.Tests.Voice;

public sealed class CallLifeTests
{
    private static readonly CallLimits Limits = new();

    [Fact]
    public async Task Row_8_the_second_restart_without_a_path_is_refused_for_good_and_says_why()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("aaaa");
        world.Peers.Latest.Raise(new PeerEvent.Failed(PeerFailure.ChecksTimedOut, "12 checks sent, none answered"));
        await world.AdvanceAsync(TimeSpan.FromSeconds(5)); // as the stock client waits
        pcId = await world.CallAsync("bbbb", pcId, restart: true);

        world.Peers.Latest.Raise(new PeerEvent.Failed(PeerFailure.ChecksTimedOut, "12 checks sent, none answered"));
        var response = await world.PostOfferAsync("cccc", pcId, restart: true);

        Assert.InRange((int)response.StatusCode, 400, 499);
        string detail = await VoiceWorld.DetailAsync(response);
        Assert.StartsWith("No connection after 2 attempts. ICE: no UDP path", detail, StringComparison.Ordinal);
        Assert.Contains("12 checks sent, none answered", detail, StringComparison.Ordinal);
        Assert.Equal(2, world.Peers.Opened.Count);
        Assert.All(world.Peers.Opened, peer => Assert.True(peer.IsClosed));
    }

    [Fact]
    public async Task Row_8_also_while_the_client_is_quicker_than_our_own_deadline_and_has_only_a_session()
    {
        await using var world = new VoiceWorld();
        string session = await world.StartSessionAsync();
        await world.CallAsync("aaaa", session: session);
        await world.CallAsync("bbbb", restart: true, session: session);

        Assert.Equal(HttpStatusCode.Conflict, (await world.PostOfferAsync("cccc", restart: true, session: session)).StatusCode);
    }

    [Fact]
    public async Task A_complete_connection_gives_the_restarts_back()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("aaaa");
        world.Peers.Latest.Connect();
        await world.SettleAsync();
        for (int round = 0; round < 5; round++)
        {
            pcId = await world.CallAsync($"x{round}aa", pcId, restart: true);
            pcId = await world.CallAsync($"x{round}bb", pcId, restart: true);
            world.Peers.Latest.Connect();
            await world.SettleAsync();
        }

        Assert.Single(world.Calls.Snapshot());
    }

    [Theory]
    [InlineData(PeerFailure.DataChannelTimedOut, "data channel: ")] // row 9: audio plays, and the client waits for the channel for ever
    [InlineData(PeerFailure.DtlsTimedOut, "DTLS: ")]
    public async Task Row_9_a_path_alone_is_no_success_and_the_refusal_names_the_stage(PeerFailure failure, string stage)
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("aaaa");
        Fail();
        pcId = await world.CallAsync("bbbb", pcId, restart: true);

        Fail();
        Assert.Contains(stage, await VoiceWorld.DetailAsync(await world.PostOfferAsync("cccc", pcId, restart: true)), StringComparison.Ordinal);

        void Fail()
        {
            world.Peers.Latest.FindPath();
            if (failure is PeerFailure.DataChannelTimedOut) world.Peers.Latest.Raise(new PeerEvent.Connected());
            world.Peers.Latest.Raise(new PeerEvent.Failed(failure, ""));
        }
    }

    [Fact]
    public async Task A_failed_call_waits_for_the_clients_restart_and_then_ends()
    {
        await using var world = new VoiceWorld();
        await world.CallAsync("aaaa");
        world.Peers.Latest.Raise(new PeerEvent.Failed(PeerFailure.ChecksTimedOut, ""));

        await world.AdvanceAsync(Limits.AwaitRestart - TimeSpan.FromSeconds(1));
        var call = Assert.Single(world.Calls.Snapshot());
        await world.AdvanceAsync(TimeSpan.FromSeconds(1));

        await call.Ended.WaitAsync(TimeSpan.FromSeconds(10), VoiceWorld.Cancel);
        Assert.Empty(world.Calls.Snapshot());
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_call_at_once()
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);
        var peer = await world.ConnectAsync();
        await agent.CallAsync();
        var call = Assert.Single(world.Calls.Snapshot());

        peer.Raise(new PeerEvent.Closed());

        await call.Ended.WaitAsync(TimeSpan.FromSeconds(10), VoiceWorld.Cancel);
        Assert.True(agent.HungUp.IsCancellationRequested);
    }

    [Fact]
    public async Task Row_10_bot_ready_waits_for_the_agent_to_be_prepared()
    {
        var agent = new TellingAgent { Prepared = new() };
        await using var world = new VoiceWorld(() => agent) { AgentIsLate = true };
        await world.CallAsync("abcd");
        var peer = world.Peers.Latest;
        peer.Connect();
        peer.Say(VoiceWorld.ClientReady("1"));
        await world.SettleAsync();
        Assert.Equal(0, agent.Runs);

        agent.Prepared.SetResult();

        Assert.Contains("bot-ready", await peer.HeardAsync(), StringComparison.Ordinal);
        await agent.CallAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Row_10_an_agent_that_cannot_start_is_a_fatal_error_and_then_goodbye(bool itThrows)
    {
        var agent = new TellingAgent { Prepared = new() };
        await using var world = new VoiceWorld(() => agent) { AgentIsLate = true };
        await world.CallAsync("abcd");
        var peer = world.Peers.Latest;
        peer.Connect();
        peer.Say(VoiceWorld.ClientReady("1"));

        if (itThrows) agent.Prepared.SetException(new InvalidOperationException("no model"));
        else await world.AdvanceAsync(new ConnectBudget().AgentReady);

        await ExpectFatalAsync(world, peer);
    }

    [Fact]
    public async Task Row_10_an_agent_that_failed_before_there_was_a_channel_is_reported_once_there_is_one()
    {
        var agent = new TellingAgent { Prepared = new() };
        await using var world = new VoiceWorld(() => agent) { AgentIsLate = true };
        await world.CallAsync("abcd");
        agent.Prepared.SetException(new InvalidOperationException("no model"));
        await world.SettleAsync();

        world.Peers.Latest.Connect();

        await ExpectFatalAsync(world, world.Peers.Latest);
    }

    [Fact]
    public async Task An_agent_that_throws_in_mid_call_is_a_fatal_error_and_then_goodbye()
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);
        var peer = await world.ConnectAsync();
        agent.Finish.SetException(new InvalidOperationException("model fell over"));

        await ExpectFatalAsync(world, peer);
    }

    [Fact]
    public async Task An_agent_that_hangs_up_says_goodbye_and_the_goodbye_gets_out_before_the_close()
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);
        var peer = await world.ConnectAsync();

        (await agent.CallAsync()).HangUp();

        Assert.Contains("peerLeft", await peer.HeardAsync(), StringComparison.Ordinal);
        Assert.False(peer.IsClosed);
        await world.FarewellAsync(peer.Closing.Task);
    }

    [Fact]
    public async Task Shutdown_says_peerLeft_to_everyone_before_it_closes()
    {
        await using var world = new VoiceWorld();
        var one = await world.ConnectAsync("aaaa");
        var two = await world.ConnectAsync("bbbb");

        var stopping = world.Calls.StopAsync();

        Assert.Equal("""{"type":"signalling","message":{"type":"peerLeft"}}""", await one.HeardAsync());
        Assert.Equal("""{"type":"signalling","message":{"type":"peerLeft"}}""", await two.HeardAsync());
        await world.FarewellAsync(stopping);
        Assert.True(one.IsClosed && two.IsClosed);
    }

    [Fact]
    public async Task Row_13_a_call_without_path_and_ping_is_dropped()
    {
        await using var world = new VoiceWorld();
        var peer = await world.ConnectAsync();
        peer.Raise(new PeerEvent.PathLost());

        await world.AdvanceAsync(Limits.Stale);
        await world.FarewellAsync(peer.Closing.Task);

        Assert.Empty(world.Calls.Snapshot());
    }

    [Theory]
    [InlineData("ping")]
    [InlineData("path")]
    [InlineData("restart")]
    public async Task A_sign_of_life_keeps_a_call_whose_path_was_lost(string sign)
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("abcd");
        var peer = world.Peers.Latest;
        peer.Connect();
        peer.Raise(new PeerEvent.PathLost());
        await world.AdvanceAsync(Limits.Stale / 2);

        if (sign == "ping") peer.Say("ping: 1");
        else if (sign == "path") peer.FindPath();
        else await world.CallAsync("efgh", pcId, restart: true);
        await world.AdvanceAsync(Limits.Stale);

        Assert.Single(world.Calls.Snapshot());
    }

    [Fact]
    public async Task Row_14_a_restarted_call_that_stays_silent_is_told_so_and_goes_on()
    {
        await using var world = new VoiceWorld();
        var peer = await RestartedAsync(world);

        peer.Notice(new Observation.FirstMediaMissing(Received: 5, Sent: 500));

        Assert.Equal("""{"label":"rtvi-ai","type":"server-message","data":{"type":"microphone-silent"}}""", await peer.HeardAsync());
        string error = await peer.HeardAsync();
        Assert.Contains("\"type\":\"error\"", error, StringComparison.Ordinal);
        Assert.Contains("\"fatal\":false", error, StringComparison.Ordinal);
        Assert.Single(world.Calls.Snapshot());
    }

    [Fact]
    public async Task Row_14_nothing_is_said_where_the_microphone_is_off()
    {
        await using var world = new VoiceWorld();
        var peer = await RestartedAsync(world);
        peer.Say("""{"type":"signalling","message":{"type":"trackStatus","receiver_index":0,"enabled":false}}""");

        peer.Notice(new Observation.FirstMediaMissing(0, 500));
        peer.Say("marker");

        Assert.Equal("marker", await peer.HeardAsync());
    }

    [Fact]
    public async Task Row_14_also_where_the_call_before_the_restart_was_another_servers()
    {
        await using var world = new VoiceWorld();
        await world.CallAsync("abcd", "ThawPeer-of-a-server-that-crashed", restart: true);
        world.Peers.Latest.Connect();
        await world.SettleAsync();

        world.Peers.Latest.Notice(new Observation.FirstMediaMissing(0, 500));

        Assert.Contains("microphone-silent", await world.Peers.Latest.HeardAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_is_silent_from_its_beginning_is_told_so_and_goes_on()
    {
        await using var world = new VoiceWorld();
        var peer = await world.ConnectAsync();

        peer.Notice(new Observation.FirstMediaMissing(0, 500));

        Assert.Contains("microphone-silent", await peer.HeardAsync(), StringComparison.Ordinal);
        string error = await peer.HeardAsync();
        Assert.Contains("since the call began", error, StringComparison.Ordinal);
        Assert.Contains("\"fatal\":false", error, StringComparison.Ordinal);
        Assert.Single(world.Calls.Snapshot());
    }

    [Fact]
    public async Task A_call_whose_client_never_says_client_ready_works_all_the_same()
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);
        await world.CallAsync("abcd");
        world.Peers.Latest.Connect(); // as after a reconnect, where the stock client sends it no more

        (await agent.CallAsync()).TrySendOutput("hello");

        Assert.Contains("hello", await world.Peers.Latest.HeardAsync(), StringComparison.Ordinal);
    }

    private static async Task<ScriptedPeer> RestartedAsync(VoiceWorld world)
    {
        string pcId = await world.CallAsync("abcd");
        world.Peers.Latest.Connect();
        await world.SettleAsync();
        await world.CallAsync("efgh", pcId, restart: true);
        world.Peers.Latest.Connect();
        await world.SettleAsync();
        return world.Peers.Latest;
    }

    private static async Task ExpectFatalAsync(VoiceWorld world, ScriptedPeer peer)
    {
        string error = await peer.HeardAsync();
        Assert.Contains("\"type\":\"error\"", error, StringComparison.Ordinal);
        Assert.Contains("\"fatal\":true", error, StringComparison.Ordinal);
        Assert.Contains("peerLeft", await peer.HeardAsync(), StringComparison.Ordinal);
        await world.FarewellAsync(peer.Closing.Task);
    }
}
