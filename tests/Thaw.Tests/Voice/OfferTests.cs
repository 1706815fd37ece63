using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Thaw.Protocol;
using Thaw.Protocol.Peer;
using Thaw.Voice;
using Thaw.Voice.Calls;
using Xunit;

namespace Thaw.Tests.Voice;

public sealed class OfferTests
{
    private static readonly CallLimits Limits = new();

    [Fact]
    public async Task A_first_offer_gets_an_answer_and_an_opaque_identifier()
    {
        await using var world = new VoiceWorld();

        string pcId = await world.CallAsync("abcd");

        Assert.Matches("^ThawPeer-[0-9a-f]{32}$", pcId);
        Assert.Equal(VoiceWorld.Sdp("abcd"), Assert.Single(world.Peers.Latest.Offers));
    }

    [Fact]
    public async Task A_known_identifier_renegotiates_on_the_same_peer_connection()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("abcd");

        string again = await world.CallAsync("abcd", pcId, version: 3);

        Assert.Equal(pcId, again);
        Assert.Equal(2, Assert.Single(world.Peers.Opened).Offers.Count);
    }

    [Fact]
    public async Task Audio_that_a_renegotiation_brings_is_heard()
    {
        await using var world = new VoiceWorld();
        var accept = world.Peers.Accept;
        world.Peers.Accept = async (peer, offer, cancel) => (await accept(peer, offer, cancel)) with { Audio = null };
        string pcId = await world.CallAsync("abcd");
        var peer = world.Peers.Latest;
        peer.Connect();
        await world.SettleAsync();

        world.Peers.Accept = accept;
        await world.CallAsync("abcd", pcId, version: 3);
        peer.Hear(new MediaPacket(1, 0, 1, 160, false), [1, 2, 3]);

        Assert.Equal(1, peer.AudioPackets); // the loopback agent's
    }

    [Fact]
    public async Task Row_16_two_quick_offers_are_both_answered_by_the_one_connection()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("abcd");

        string[] both = await Task.WhenAll(world.CallAsync("abcd", pcId, version: 3), world.CallAsync("abcd", pcId, version: 4));

        Assert.Equal([pcId, pcId], both);
        Assert.Single(world.Peers.Opened);
    }

    [Fact]
    public async Task The_same_offer_posted_twice_gets_the_same_answer_and_no_second_connection()
    {
        await using var world = new VoiceWorld();

        Assert.Equal(await world.CallAsync("abcd"), await world.CallAsync("abcd"));

        Assert.Single(Assert.Single(world.Peers.Opened).Offers);
    }

    [Fact]
    public async Task A_restart_gets_a_new_connection_and_keeps_the_agent()
    {
        int agents = 0;
        await using var world = new VoiceWorld(() => { agents++; return new Thaw.Voice.Agents.LoopbackAgent(); });
        string old = await world.CallAsync("abcd");
        world.Peers.Latest.Connect();
        await world.SettleAsync();

        string renewed = await world.CallAsync("efgh", old, restart: true);

        Assert.NotEqual(old, renewed);
        Assert.Equal(2, world.Peers.Opened.Count);
        Assert.Equal(1, agents);
        Assert.False(world.Peers.Opened[0].IsClosed); // still serves until the new one is up
    }

    [Fact]
    public async Task The_old_connection_closes_once_the_new_one_is_up_and_its_name_ends_with_the_path()
    {
        await using var world = new VoiceWorld();
        string old = await world.CallAsync("abcd");
        world.Peers.Opened[0].Connect();
        await world.CallAsync("efgh", old, restart: true);

        Assert.Equal(HttpStatusCode.OK, (await world.TrickleAsync(old, VoiceWorld.Line("efgh"))).StatusCode); // alias
        world.Peers.Opened[1].Connect();
        await world.SettleAsync();

        Assert.True(world.Peers.Opened[0].IsClosed);
        Assert.False(world.Peers.Opened[1].IsClosed);
        Assert.Equal(HttpStatusCode.NotFound, (await world.TrickleAsync(old, VoiceWorld.Line("zzzz"))).StatusCode);
    }

    [Fact]
    public async Task The_old_connection_closes_at_its_deadline_even_if_the_new_one_never_comes_up()
    {
        await using var world = new VoiceWorld();
        string old = await world.CallAsync("abcd");
        world.Peers.Opened[0].Connect();
        await world.CallAsync("efgh", old, restart: true);

        await world.AdvanceAsync(Limits.Superseded);

        Assert.True(world.Peers.Opened[0].IsClosed);
    }

    [Fact]
    public async Task A_client_that_closes_its_old_connection_after_the_answer_stays_in_the_call()
    {
        await using var world = new VoiceWorld();
        string old = await world.CallAsync("abcd");
        world.Peers.Opened[0].Connect();
        string renewed = await world.CallAsync("efgh", old, restart: true);

        world.Peers.Opened[0].Raise(new PeerEvent.Closed());
        await world.SettleAsync();

        Assert.Equal(renewed, await world.CallAsync("efgh", renewed, version: 3));
        Assert.Equal(2, world.Peers.Opened.Count);
    }

    [Fact]
    public async Task A_retry_whose_first_answer_was_lost_finds_its_session_again_and_makes_no_ghost()
    {
        int agents = 0;
        await using var world = new VoiceWorld(() => { agents++; return new Thaw.Voice.Agents.LoopbackAgent(); });
        string session = await world.StartSessionAsync();
        await world.CallAsync("abcd", session: session);

        await world.CallAsync("efgh", pcId: null, restart: true, session: session);

        Assert.Equal(1, agents);
        Assert.True(world.Peers.Opened[0].IsClosed);
        Assert.Single(world.Calls.Snapshot());
    }

    [Fact]
    public async Task A_client_of_the_server_before_the_crash_keeps_its_session_and_a_stranger_gets_none()
    {
        await using var world = new VoiceWorld();
        const string Before = "3f2504e0-4f89-41d3-9a0c-0305e82c3301", Call = "SmallWebRTCConnection#0-999cf37fb2c544f3a23794e9a3cdeb2b";

        Assert.Equal(HttpStatusCode.NotFound, (await world.PostOfferAsync("abcd", session: Before)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await world.PostOfferAsync("abcd", Call, restart: true, session: "no-name-of-ours")).StatusCode);
        await world.CallAsync("abcd", Call, restart: true, session: Before);
        await world.CallAsync("efgh", Call, restart: true, session: Before);

        Assert.Single(world.Calls.Snapshot());
    }

    [Fact]
    public async Task An_unknown_identifier_and_a_restart_of_nothing_are_new_calls()
    {
        await using var world = new VoiceWorld();

        await world.CallAsync("abcd", "SmallWebRTCConnection#0-999cf37fb2c544f3a23794e9a3cdeb2b", restart: true);
        await world.CallAsync("efgh", pcId: null, restart: true);

        Assert.Equal(2, world.Calls.Snapshot().Count);
    }

    [Theory]
    [InlineData("""{"sdp":"v=0","type":"offer","requestData":{"lang":"en"}}""")]
    [InlineData("""{"sdp":"v=0","type":"offer","request_data":{"lang":"en"},"pc_id":null,"a field of tomorrow":[1]}""")]
    public async Task Request_data_reaches_the_agent_in_either_spelling(string body)
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);

        Assert.Equal(HttpStatusCode.OK, (await world.SendAsync("POST", "/api/offer", body)).StatusCode);
        world.Peers.Latest.Connect();

        Assert.Equal("""{"lang":"en"}""", (await agent.CallAsync()).RequestData?.GetRawText());
    }

    [Fact]
    public async Task A_session_gives_its_body_to_the_agent()
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);
        string session = await world.StartSessionAsync("""{"transport":"webrtc","body":{"lang":"de"}}""");

        await world.CallAsync("abcd", session: session);
        world.Peers.Latest.Connect();

        Assert.Equal("""{"lang":"de"}""", (await agent.CallAsync()).RequestData?.GetRawText());
    }

    [Fact]
    public async Task A_wrong_offer_is_refused_for_good_and_leaves_nothing_behind()
    {
        await using var world = new VoiceWorld();
        world.Peers.Accept = (_, _, _) => new(new Acceptance(new OfferOutcome.Refused(OfferRefusal.MissingFingerprint, "no fingerprint"), null));

        var response = await world.PostOfferAsync("abcd");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("no fingerprint", await VoiceWorld.DetailAsync(response));
        Assert.True(world.Peers.Latest.IsClosed);
        await Task.WhenAll(world.Calls.Snapshot().Select(c => c.Ended));
        Assert.Empty(world.Calls.Snapshot());
    }

    [Fact]
    public async Task Row_5_an_offer_that_cannot_be_answered_in_time_gets_503_and_its_late_answer_no_life()
    {
        await using var world = new VoiceWorld();
        var accepting = new TaskCompletionSource();
        world.Peers.Accept = async (_, _, cancel) =>
        {
            accepting.SetResult();
            return await new TaskCompletionSource<Acceptance>().Task.WaitAsync(cancel);
        };

        var posting = world.PostOfferAsync("abcd");
        await accepting.Task;
        world.Time.Advance(new ConnectBudget().Signalling);
        var response = await posting;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.NotEmpty(await VoiceWorld.DetailAsync(response));
        await world.Peers.Latest.Closing.Task.WaitAsync(TimeSpan.FromSeconds(10), VoiceWorld.Cancel);
    }

    [Fact]
    public async Task Row_7_no_answer_without_a_candidate_but_503()
    {
        await using var world = new VoiceWorld();
        world.Peers.Accept = (_, _, _) => new(new Acceptance(new OfferOutcome.Refused(OfferRefusal.NoLocalCandidate, "no network"), null));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await world.PostOfferAsync("abcd")).StatusCode);
    }

    [Fact]
    public async Task A_renegotiation_of_a_connection_that_has_just_closed_becomes_a_new_one_in_the_same_call()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("abcd");
        var answering = world.Peers.Accept;
        world.Peers.Accept = (peer, offer, cancel) => peer.Number == 0
            ? new(new Acceptance(new OfferOutcome.Refused(OfferRefusal.Closed, ""), null)) : answering(peer, offer, cancel);

        Assert.NotEqual(pcId, await world.CallAsync("abcd", pcId, version: 3));
        Assert.Single(world.Calls.Snapshot());
    }

    [Fact]
    public async Task More_calls_than_allowed_are_told_to_try_again()
    {
        await using var world = new VoiceWorld(with: o => o with { MaxSessions = 1 });
        string pcId = await world.CallAsync("abcd");

        var second = await world.PostOfferAsync("efgh");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Assert.Equal(pcId, await world.CallAsync("abcd", pcId, version: 3)); // the first is not disturbed
    }

    [Fact]
    public async Task A_flood_of_offers_from_one_address_is_told_to_try_again_and_others_are_served()
    {
        await using var world = new VoiceWorld(with: o => o with { Limits = new() { OffersPerSecond = 2 } });

        int[] statuses = [await FromAsync("192.0.2.1"), await FromAsync("192.0.2.1"), await FromAsync("192.0.2.1"), await FromAsync("192.0.2.1"), await FromAsync("192.0.2.1")];
        Assert.Equal([400, 400, 400, 400, 503], statuses);
        Assert.Equal(400, await FromAsync("192.0.2.2"));
        world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(400, await FromAsync("192.0.2.1"));

        async Task<int> FromAsync(string address) => (await world.Server.SendAsync(context =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse(address);
            context.Request.Method = HttpMethods.Post;
            context.Request.Path = "/api/offer";
            context.Request.ContentType = "application/json";
        }, VoiceWorld.Cancel)).Response.StatusCode;
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("192.0.2.7", false)]
    public async Task Loopback_candidates_are_for_callers_on_this_machine(string caller, bool nearby)
    {
        await using var world = new VoiceWorld();
        byte[] body = System.Text.Encoding.UTF8.GetBytes($$"""{"sdp":{{JsonSerializer.Serialize(VoiceWorld.Sdp("abcd"))}},"type":"offer"}""");

        await world.Server.SendAsync(context =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse(caller);
            context.Request.Method = HttpMethods.Post;
            context.Request.Path = "/api/offer";
            context.Request.ContentType = "application/json";
            context.Request.Body = new MemoryStream(body);
        }, VoiceWorld.Cancel);

        Assert.Equal(nearby, world.Peers.Latest.Nearby);
    }
}
