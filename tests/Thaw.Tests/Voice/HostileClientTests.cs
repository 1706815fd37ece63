using System.Net;
using Thaw.Voice;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>What a client can make the server hold or do without being one of ours.</summary>
public sealed class HostileClientTests
{
    [Fact]
    public async Task A_candidate_line_longer_than_any_is_refused_before_it_is_kept()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("abcd");

        var response = await world.TrickleAsync(pcId, $"candidate:1 1 udp 1 192.0.2.1 1 typ host ufrag {new string('x', 2000)}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("1024", await VoiceWorld.DetailAsync(response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PATCH", "/api/offer", 415)]
    [InlineData("GET", "/api/calls/none/verdict", 404)]
    public async Task Candidates_and_questions_are_limited_as_offers_are(string method, string path, int status)
    {
        await using var world = new VoiceWorld(with: o => o with { Limits = new CallLimits { OffersPerSecond = 2 } });
        var statuses = new List<int>();
        for (int i = 0; i < 20; i++)
        {
            var context = await world.Server.SendAsync(request =>
            {
                request.Request.Method = method;
                request.Request.Path = path;
                request.Connection.RemoteIpAddress = IPAddress.Parse("203.0.113.5");
            }, VoiceWorld.Cancel);
            statuses.Add(context.Response.StatusCode);
        }

        Assert.Equal([.. Enumerable.Repeat(status, 16), .. Enumerable.Repeat(503, 4)], statuses); // twice four times the offers
    }

    [Fact]
    public async Task A_start_keeps_no_more_than_it_must()
    {
        await using var world = new VoiceWorld();
        string body = $$$"""{"body":{"list":[{{{string.Join(',', Enumerable.Repeat("0", 40_000))}}}]}}""";

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await world.SendAsync("POST", "/start", body)).StatusCode);
    }

    [Fact]
    public async Task What_start_was_given_reaches_the_agent()
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);
        string session = await world.StartSessionAsync("""{"body":{"name":"Ada \u00e9"}}""");
        await world.CallAsync("abcd", session: session);
        world.Peers.Latest.Connect();

        Assert.Equal("Ada é", (await agent.CallAsync()).RequestData!.Value.GetProperty("name").GetString());
    }

    [Fact]
    public async Task An_agent_that_reads_nothing_holds_a_bounded_number_of_bytes_whatever_their_kind()
    {
        var stuck = new TaskCompletionSource();
        var agent = new TellingAgent { OnMessage = (_, _) => new(stuck.Task) };
        await using var world = new VoiceWorld(() => agent);
        var peer = await world.ConnectAsync();
        await agent.CallAsync();
        string large = $$$"""{"label":"rtvi-ai","type":"client-message","id":"1","data":{"t":"x","d":"{{{new string('x', 200_000)}}}"}}""";
        for (int i = 0; i < 30; i++)
        {
            peer.Say(large);
            await world.SettleAsync();
        }

        Assert.Contains("too many messages waiting", await peer.HeardAsync(), StringComparison.Ordinal); // 4 MiB hold twenty of them
        stuck.SetResult();
    }

    [Theory]
    [InlineData("/client/../../etc/passwd")]
    [InlineData("/client/..%2f..%2fetc/passwd")]
    [InlineData("/client/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/client/..\\..\\appsettings.json")]
    [InlineData("/client//etc/passwd")]
    [InlineData("/client/assets/../../Thaw.Voice.dll")]
    public async Task Only_the_page_is_served_whatever_the_path(string path)
    {
        await using var world = new VoiceWorld();
        var response = await world.SendAsync("GET", path, null);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.NotEmpty(await VoiceWorld.DetailAsync(response));
    }
}
