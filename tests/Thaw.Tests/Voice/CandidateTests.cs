using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Voice;
using Thaw.Voice.Calls;
using Xunit;

namespace Thaw.Tests.Voice;

public sealed class CandidateTests
{
    private static readonly CallLimits Limits = new();

    // Recorded from Chromium: one line per m-line, only the first of which the bundle uses.
    private const string Recorded = """
        {"pc_id":"PC","candidates":[
        {"candidate":"candidate:3074096218 1 udp 2122260223 10.99.0.1 58900 typ host generation 0 ufrag Pwm/ network-id 1","sdp_mid":"0","sdp_mline_index":0},
        {"candidate":"candidate:3074096218 1 udp 2122260223 10.99.0.1 56196 typ host generation 0 ufrag Pwm/ network-id 1","sdp_mid":"1","sdp_mline_index":1},
        {"candidate":"candidate:3074096218 1 udp 2122260223 10.99.0.1 57726 typ host generation 0 ufrag Pwm/ network-id 1","sdp_mid":"2","sdp_mline_index":2},
        {"candidate":"candidate:3074096218 1 udp 2122260223 10.99.0.1 42003 typ host generation 0 ufrag Pwm/ network-id 1","sdp_mid":"3","sdp_mline_index":3}]}
        """;

    [Fact]
    public async Task A_recorded_batch_reaches_the_peer_connection_without_the_ports_that_bundling_closed()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("Pwm/");

        var response = await world.SendAsync("PATCH", "/api/offer", Recorded.Replace("PC", pcId, StringComparison.Ordinal));
        await world.SettleAsync();

        Assert.Equal("""{"status":"success"}""", await response.Content.ReadAsStringAsync(VoiceWorld.Cancel));
        Assert.Contains(" 58900 ", Assert.Single(world.Peers.Latest.Candidates), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_6_a_PATCH_is_answered_at_once_even_while_the_call_is_stuck_in_an_offer()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("abcd");
        var release = new TaskCompletionSource();
        var answering = world.Peers.Accept;
        world.Peers.Accept = async (peer, offer, cancel) => { await release.Task; return await answering(peer, offer, cancel); };
        var stuck = world.CallAsync("abcd", pcId, version: 3);

        var response = await world.TrickleAsync(pcId, VoiceWorld.Line("abcd")); // would wait for ever, time stands still

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(world.Peers.Latest.Candidates);
        release.SetResult();
        await stuck;
        await world.SettleAsync();
        Assert.Single(world.Peers.Latest.Candidates);
    }

    [Fact]
    public async Task Candidates_of_a_restart_that_come_under_the_old_name_before_the_offer_are_kept_for_it()
    {
        await using var world = new VoiceWorld();
        string old = await world.CallAsync("abcd");

        Assert.Equal(HttpStatusCode.OK, (await world.TrickleAsync(old, VoiceWorld.Line("m1ps"), "")).StatusCode);
        await world.CallAsync("m1ps", old, restart: true);

        Assert.Equal([VoiceWorld.Line("m1ps")], world.Peers.Latest.Candidates);
        Assert.DoesNotContain(VoiceWorld.Line("m1ps"), world.Peers.Opened[0].Candidates);
    }

    [Fact]
    public async Task Candidates_go_by_the_fragment_in_them_whatever_name_they_come_under()
    {
        await using var world = new VoiceWorld();
        string old = await world.CallAsync("abcd");
        world.Peers.Opened[0].Connect();
        await world.CallAsync("efgh", old, restart: true);

        await world.TrickleAsync(old, VoiceWorld.Line("efgh"), VoiceWorld.Line("abcd", 50001));
        await world.TrickleAsync("somebody else's", VoiceWorld.Line("efgh", 50002));
        await world.SettleAsync();

        Assert.Equal([VoiceWorld.Line("abcd", 50001)], world.Peers.Opened[0].Candidates);
        Assert.Equal([VoiceWorld.Line("efgh"), VoiceWorld.Line("efgh", 50002)], world.Peers.Opened[1].Candidates);
    }

    [Fact]
    public async Task A_fragment_that_two_calls_share_leads_nowhere_without_their_name()
    {
        await using var world = new VoiceWorld();
        await world.CallAsync("abcd", version: 2);
        await world.CallAsync("abcd", version: 3);

        Assert.Equal(HttpStatusCode.NotFound, (await world.TrickleAsync("unknown", VoiceWorld.Line("abcd"))).StatusCode);
    }

    [Fact]
    public async Task Unknown_name_and_unknown_fragment_is_a_final_404_as_Pipecat_words_it()
    {
        await using var world = new VoiceWorld();
        await world.CallAsync("abcd");

        var response = await world.TrickleAsync("SmallWebRTCConnection#0-0", VoiceWorld.Line("zzzz"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("Peer connection not found", await VoiceWorld.DetailAsync(response));
    }

    [Fact]
    public async Task A_line_without_a_fragment_and_the_end_of_candidates_go_by_name()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("abcd");

        await world.TrickleAsync(pcId, "candidate:1 1 udp 1 192.0.2.1 9 typ host", "");
        await world.SettleAsync();

        Assert.Equal(["candidate:1 1 udp 1 192.0.2.1 9 typ host", ""], world.Peers.Latest.Candidates);
    }

    [Fact]
    public void Early_candidates_expire_and_are_bounded()
    {
        var now = new Instant(0);
        var early = new EarlyCandidates(Limits.EarlyCandidates);
        early.Add("late", "a", now);
        Assert.Empty(early.Take("late", now + Limits.EarlyCandidates));

        for (int i = 0; i < 1000; i++) early.Add("many", "line", now);
        Assert.Equal(64, early.Take("many", now).Count);
        Assert.Empty(early.Take("many", now));

        foreach (string ufrag in new[] { "1", "2", "3", "4", "5" }) early.Add(ufrag, "line", now);
        Assert.Empty(early.Take("1", now)); // the oldest gives way
        Assert.Single(early.Take("5", now));
    }

    [Theory]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag aB+/", "aB+/")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag", null)]
    [InlineData("", null)]
    [InlineData("ufrag  ", "")]
    public void The_fragment_is_read_from_any_line(string line, string? ufrag) => Assert.Equal(ufrag, TrickledCandidate.Of(line).Ufrag);

    [Fact]
    public void Only_callers_on_this_machine_are_offered_loopback_unless_there_is_nothing_else()
    {
        var loopback = At("127.0.0.1");
        var outside = At("192.0.2.1");

        Assert.Equal([loopback, outside], HostedPeers.Offered([loopback, outside], nearby: true));
        Assert.Equal([outside], HostedPeers.Offered([loopback, outside], nearby: false));
        Assert.Equal([loopback], HostedPeers.Offered([loopback], nearby: false));

        static Candidate At(string address)
        {
            var at = new TransportAddress(IPAddress.Parse(address), 7860);
            return new(CandidateType.Host, at, at, 1, "1");
        }
    }
}
