using System.Net;
using System.Text;
using System.Text.Json;
using Thaw.Protocol;
using Thaw.Protocol.Peer;
using Thaw.Voice;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>An attempt that its budget has ended: who is told, on which channel, and whether another one is worth its 20 s.</summary>
public sealed class VerdictTests
{
    private static readonly CallLimits Limits = new();

    [Theory]
    [InlineData(PeerFailure.NoCandidates)]
    [InlineData(PeerFailure.ChecksTimedOut)]
    public async Task Row_8_after_plain_silence_the_first_restart_is_refused_already(PeerFailure reason)
    {
        await using var world = new VoiceWorld();
        string pcId = await FailAsync(world, reason, datagrams: 0);

        var response = await world.PostOfferAsync("bbbb", pcId, restart: true);

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        string detail = await VoiceWorld.DetailAsync(response);
        Assert.StartsWith("No connection after 1 attempt. ICE: no UDP path", detail, StringComparison.Ordinal);
        Assert.Contains("nothing came", detail, StringComparison.Ordinal);
        Assert.Single(world.Peers.Opened);
        await Task.WhenAll(world.Calls.Snapshot().Select(c => c.Ended)).WaitAsync(TimeSpan.FromSeconds(10), VoiceWorld.Cancel);
        Assert.Empty(world.Calls.Snapshot());
    }

    [Theory]
    [InlineData("a datagram")]
    [InlineData("another address")]
    [InlineData("a late candidate")]
    [InlineData("another stage")]
    [InlineData("a call that was complete")]
    [InlineData("a server that is told not to")]
    public async Task Row_8_whatever_may_have_changed_earns_a_second_attempt(string what)
    {
        await using var world = new VoiceWorld(with: o => o with { Limits = new() { RefuseConclusive = what != "a server that is told not to" } });
        string pcId = await world.CallAsync("aaaa");
        if (what == "a call that was complete") world.Peers.Latest.Connect();
        await world.SettleAsync();
        if (what == "a call that was complete") pcId = await world.CallAsync("abab", pcId, restart: true);
        world.Peers.Latest.Raise(Failure(what == "another stage" ? PeerFailure.DtlsTimedOut : PeerFailure.ChecksTimedOut, what == "a datagram" ? 1 : 0));
        await world.SettleAsync();
        if (what == "a late candidate") Assert.Equal(HttpStatusCode.Conflict, (await world.TrickleAsync(pcId, VoiceWorld.Line("aaaa"))).StatusCode);
        if (what == "another address") world.Http.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.77");

        var response = await world.PostOfferAsync("bbbb", pcId, restart: true);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Candidates_for_an_attempt_that_is_over_are_answered_with_its_verdict_and_those_of_the_next_are_kept()
    {
        await using var world = new VoiceWorld();
        string pcId = await FailAsync(world, PeerFailure.ChecksTimedOut, datagrams: 3);

        var late = await world.TrickleAsync(pcId, VoiceWorld.Line("aaaa"));
        var next = await world.TrickleAsync(pcId, VoiceWorld.Line("bbbb"));
        var end = await world.TrickleAsync(pcId, "");

        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        Assert.Contains("No connection after 1 attempt", await VoiceWorld.DetailAsync(late), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (next.StatusCode, end.StatusCode));
        await world.CallAsync("bbbb", pcId, restart: true);
        Assert.Single(world.Peers.Latest.Candidates);
    }

    [Fact]
    public async Task Who_asks_while_it_waits_is_told_at_once_and_may_ask_from_anywhere()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("aaaa");
        var open = await AskAsync(world, pcId);
        world.Peers.Latest.Raise(Failure(PeerFailure.ChecksTimedOut, 3));
        await world.SettleAsync();

        var final = await AskAsync(world, pcId);

        Assert.Equal((HttpStatusCode.Accepted, """{"status":"open"}"""), (open.StatusCode, await open.Content.ReadAsStringAsync(VoiceWorld.Cancel)));
        Assert.Equal(HttpStatusCode.OK, final.StatusCode);
        var said = JsonElement.Parse(await final.Content.ReadAsStringAsync(VoiceWorld.Cancel));
        Assert.Equal(("final", "failed"), (said.GetProperty("status").GetString(), said.GetProperty("outcome").GetString()));
        Assert.StartsWith("No connection after 1 attempt. ICE: no UDP path", said.GetProperty("detail").GetString(), StringComparison.Ordinal);
        foreach (var answer in new[] { open, final })
        {
            Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
            Assert.True(answer.Headers.CacheControl?.NoStore);
        }
    }

    [Fact]
    public async Task A_call_that_is_up_has_no_verdict_and_one_that_is_over_is_unknown()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("aaaa");
        world.Peers.Latest.Connect();
        await world.SettleAsync();
        var call = Assert.Single(world.Calls.Snapshot());

        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(world, pcId)).StatusCode);
        world.Peers.Latest.Raise(new PeerEvent.Closed());
        await world.FarewellAsync(call.Ended);

        var gone = await AskAsync(world, pcId);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.NotEmpty(await VoiceWorld.DetailAsync(gone));
        Assert.Equal("*", gone.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task Row_8_asking_for_the_verdict_is_no_sign_of_life()
    {
        await using var world = new VoiceWorld();
        string pcId = await FailAsync(world, PeerFailure.ChecksTimedOut, datagrams: 0);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(world, pcId)).StatusCode);

        Assert.Equal(HttpStatusCode.Conflict, (await world.PostOfferAsync("bbbb", pcId, restart: true)).StatusCode);
    }

    [Theory]
    [InlineData(3, 0, "nothing comes back")]
    [InlineData(0, 2, "do not agree on the password")]
    public async Task The_verdict_says_which_half_of_the_path_is_missing(int received, int badIntegrity, string words)
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("aaaa");
        var seen = Evidence(received + badIntegrity) with { ChecksReceived = received };
        if (badIntegrity > 0) seen = seen with { Dropped = new Dictionary<DropReason, int> { [DropReason.BadIntegrity] = badIntegrity } };
        world.Peers.Latest.Raise(new PeerEvent.Failed(PeerFailure.ChecksTimedOut, "", seen));
        await world.SettleAsync();

        Assert.Contains(words, await VoiceWorld.DetailAsync(await world.TrickleAsync(pcId, VoiceWorld.Line("aaaa"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_successor_that_fails_is_told_on_the_connection_that_it_was_to_replace()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("abcd");
        var old = world.Peers.Latest;
        old.Connect();
        await world.CallAsync("efgh", pcId, restart: true);
        world.Peers.Latest.Raise(Failure(PeerFailure.ChecksTimedOut, 0));

        string error = await old.HeardAsync();
        Assert.Contains("No connection after 1 attempt", error, StringComparison.Ordinal);
        Assert.Contains("\"fatal\":false", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_vanished_during_the_attempt_leaves_no_call_and_no_agent_behind()
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);
        await FailAsync(world, PeerFailure.NoCandidates, datagrams: 0);
        var peer = world.Peers.Latest;
        Assert.True(peer.IsClosed); // the connection's resources go at once, the call waits for a restart
        var call = Assert.Single(world.Calls.Snapshot());

        await world.AdvanceAsync(Limits.AwaitRestart);

        await call.Ended.WaitAsync(TimeSpan.FromSeconds(10), VoiceWorld.Cancel);
        Assert.Empty(world.Calls.Snapshot());
        Assert.Equal(0, agent.Runs);
    }

    [Fact]
    public async Task A_body_that_does_not_arrive_gets_503()
    {
        await using var world = new VoiceWorld();
        using var body = new Unfinished();
        body.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/offer") { Content = body };
        var posting = world.Http.SendAsync(request, VoiceWorld.Cancel);

        await world.WaitOutAsync(Limits.Body, posting);

        var response = await posting;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("took too long", await VoiceWorld.DetailAsync(response), StringComparison.Ordinal);
        body.Finish();
    }

    [Fact]
    public async Task An_agent_that_never_answers_a_message_is_answered_for_and_hears_the_rest_when_it_is_back()
    {
        var stuck = new TaskCompletionSource();
        var heard = new List<string>();
        var agent = new TellingAgent
        {
            OnMessage = async (call, message) =>
            {
                heard.Add(message.Id!);
                if (message.Id == "1") await stuck.Task;
                call.TryRefuse(message, "heard");
            },
        };
        var patience = TimeSpan.FromSeconds(11); // no other wait is as long, so that this one can be told from them
        await using var world = new VoiceWorld(() => agent, o => o with { Limits = new() { AgentReply = patience } });
        var peer = await world.ConnectAsync();
        await agent.CallAsync();

        peer.Say(Message("1"));
        peer.Say(Message("2"));
        await world.SettleAsync();
        await world.Time.WaitBegunAsync(patience);
        world.Time.Advance(patience);

        Assert.Contains("has not answered", await peer.HeardAsync(), StringComparison.Ordinal);
        Assert.Contains("\"id\":\"2\"", await peer.HeardAsync(), StringComparison.Ordinal);
        peer.Say(Message("3"));
        Assert.Contains("does not answer", await peer.HeardAsync(), StringComparison.Ordinal); // at once

        stuck.SetResult();
        Assert.Contains("heard", await peer.HeardAsync(), StringComparison.Ordinal); // its late answer to the first
        for (string id = "4"; ; id += "4")
        {
            peer.Say(Message(id));
            if ((await peer.HeardAsync()).Contains("heard", StringComparison.Ordinal)) break; // until it is noticed that the agent is back
        }

        Assert.DoesNotContain("2", heard);
    }

    private static Task<HttpResponseMessage> AskAsync(VoiceWorld world, string pcId)
        => world.Http.SendAsync(new(HttpMethod.Get, $"/api/calls/{pcId}/verdict") { Headers = { { "Origin", "https://app.example" } } }, VoiceWorld.Cancel);

    private static string Message(string id) => $$$"""{"label":"rtvi-ai","type":"client-message","id":"{{{id}}}","data":{"t":"ask"}}""";

    private static async Task<string> FailAsync(VoiceWorld world, PeerFailure reason, int datagrams)
    {
        string pcId = await world.CallAsync("aaaa");
        world.Peers.Latest.Raise(Failure(reason, datagrams));
        await world.SettleAsync();
        return pcId;
    }

    private static PeerEvent.Failed Failure(PeerFailure reason, int datagrams) => new(reason, "nothing came", Evidence(datagrams));

    private static AttemptEvidence Evidence(int datagrams) => new()
    {
        Elapsed = TimeSpan.FromSeconds(7),
        Local = new(1, 0, 0, 0),
        Remote = new(2, 0, 0, 0),
        Pairs = 2,
        ChecksSent = 30,
        ChecksAnswered = 0,
        ChecksRefused = 0,
        StunError = 0,
        ChecksReceived = 0,
        Datagrams = datagrams,
        DtlsDatagrams = 0,
        DtlsFlight = 0,
        DtlsRepeats = 0,
        IsEncrypted = false,
        IsAssociated = false,
        Dropped = new Dictionary<DropReason, int>(),
    };

    /// <summary>Sends its head and then nothing.</summary>
    private sealed class Unfinished : HttpContent
    {
        private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Finish() => _finish.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes("{"));
            await stream.FlushAsync();
            await _finish.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
