using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Thaw.Fuzz;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Thaw.Tests.World;
using Thaw.Voice.Agents;
using Thaw.Voice.Calls;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>What a stranger may send to the endpoints and over a data channel: each gets its answer, and harms nothing.</summary>
public sealed class BadInputTests
{
    private const int Bad = 400, Missing = 404, TooLarge = 413;
    private const string Half = "\\ud800"; // of a surrogate pair: parses as JSON, and has no text

    public static TheoryData<string, string, string, int> Requests()
    {
        var data = new TheoryData<string, string, string, int>();
        string deep = new('[', 1000), shut = new(']', 1000), many = string.Join(',', Enumerable.Repeat("0", 100_000));

        Post("oversized SDP", Offer(new string('x', 300_000)), TooLarge);
        Post("SDP of one endless line", Offer("v=0\\r\\n" + new string('a', 200_000)), Bad);
        Post("SDP of ten thousand sections", Offer("v=0\\r\\n" + string.Concat(Enumerable.Repeat("m=audio 9 X 0\\r\\n", 10_000))), Bad);
        Post("NUL in SDP", Offer("v=0\\u0000\\r\\nm=audio"), Bad);
        Post("NUL alone", Offer("\\u0000"), Bad);
        Post("half a surrogate pair as SDP", Offer(Half), Bad);
        Post("half a surrogate pair as name", $$"""{"{{Half}}dp":"v=0","sdp":"v=0","type":"{{Half}}"}""", Bad);
        Post("NUL in type", """{"sdp":"v=0","type":"offer\u0000"}""", Bad);
        Post("NUL byte in JSON", "{\"sdp\":\"v=0\0\",\"type\":\"offer\"}", Bad);
        Post("deep nesting as SDP", $$"""{"sdp":{{deep}}{{shut}},"type":"offer"}""", Bad);
        Post("deep nesting as request data", $$"""{"sdp":"v=0","type":"offer","requestData":{{deep}}{{shut}}}""", Bad);
        Post("deep nesting in what nobody reads", $$"""{"sdp":"v=0","type":"offer","x":{{deep}}{{shut}}}""", Bad);
        Post("deep nesting without end", deep, Bad);
        Post("a key twice", """{"sdp":"v=0","type":"offer","sdp":"v=0"}""", Bad);
        Post("a key twice in request data", """{"sdp":"v=0","type":"offer","request_data":{"a":1,"a":2}}""", Bad);
        Post("a huge array for SDP", $$"""{"sdp":[{{many}}],"type":"offer"}""", Bad);
        Post("a huge array", $"[{many}]", Bad);
        Post("a number for type", """{"sdp":"v=0","type":1e999}""", Bad);
        Post("an object for pc_id", """{"sdp":"v=0","type":"offer","pc_id":{}}""", Bad);
        Post("a string for restart_pc", """{"sdp":"v=0","type":"offer","restart_pc":"true"}""", Bad);
        Post("two bodies", """{"sdp":"v=0","type":"offer"}{"sdp":"v=0","type":"offer"}""", Bad);
        Post("a comment", """{"sdp":"v=0",/**/"type":"offer"}""", Bad);
        Post("a byte order mark alone", "\uFEFF", Bad);

        Patch("a huge array of candidates", $$"""{"pc_id":"x","candidates":[{{many}}]}""", Bad);
        Patch("257 candidates", $$"""{"pc_id":"x","candidates":[{{string.Join(',', Enumerable.Repeat("""{"candidate":"candidate:1"}""", 257))}}]}""", Bad);
        Patch("deep nesting as candidates", $$"""{"pc_id":"x","candidates":{{deep}}{{shut}}}""", Bad);
        Patch("a string for candidates", """{"pc_id":"x","candidates":"candidate:1"}""", Bad);
        Patch("a fraction for an m-line", """{"pc_id":"x","candidates":[{"candidate":"c","sdp_mline_index":0.5}]}""", Bad);
        Patch("an m-line beyond a number", """{"pc_id":"x","candidates":[{"candidate":"c","sdp_mline_index":99999999999}]}""", Bad);
        Patch("a key twice", """{"pc_id":"x","pc_id":"y","candidates":[]}""", Bad);
        Patch("NUL in pc_id", """{"pc_id":"\u0000","candidates":[{"candidate":"\u0000"}]}""", Missing);
        Patch("half a surrogate pair as pc_id", $$"""{"pc_id":"{{Half}}","candidates":[]}""", Bad);
        Patch("oversized candidate", $$"""{"pc_id":"x","candidates":[{"candidate":"{{new string('x', 300_000)}}"}]}""", TooLarge);

        data.Add("POST", "/start: oversized", $$"""{"body":"{{new string('x', 300_000)}}"}""", TooLarge);
        data.Add("POST", "/start: another transport with NUL in it", """{"transport":"\u0000"}""", Bad);
        return data;

        void Post(string what, string body, int status) => data.Add("POST", "/api/offer: " + what, body, status);
        void Patch(string what, string body, int status) => data.Add("PATCH", "/api/offer: " + what, body, status);
        static string Offer(string sdp) => $$"""{"sdp":"{{sdp}}","type":"offer"}""";
    }

    [Theory, MemberData(nameof(Requests), DisableDiscoveryEnumeration = true)]
    public async Task A_bad_request_is_refused_with_its_reason_and_counted(string method, string pathAndWhat, string body, int status)
    {
        await using var world = new VoiceWorld();
        UseRealSdp(world);
        using var counted = new CountedRequests(world);

        var response = await SendAsync(world, method, pathAndWhat.Split(':')[0], Encoding.UTF8.GetBytes(body));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.NotEmpty(await VoiceWorld.DetailAsync(response));
        Assert.Equal([status], counted.Statuses);
        Assert.All(world.Peers.Opened, peer => Assert.True(peer.IsClosed));
    }

    [Theory]
    [InlineData("POST", """{"sdp":"v=0|","type":"offer"}""")]
    [InlineData("POST", """{"sdp":"v=0","type":"offer","pc_id":"|"}""")]
    [InlineData("POST", """{"sdp":"v=0","type":"offer|"}""")]
    [InlineData("POST", """{"sdp|":"v=0","type":"offer"}""")]
    [InlineData("POST", """|{"sdp":"v=0","type":"offer"}""")]
    [InlineData("POST", """{"sdp":"v=0","type":"offer","request_data":{"|":"|"}}""")] // an agent's reading of it would throw
    [InlineData("PATCH", """{"pc_id":"|","candidates":[]}""")]
    [InlineData("PATCH", """{"pc_id":"x","candidates":[{"candidate":"|"}]}""")]
    public async Task What_is_no_UTF_8_is_refused(string method, string body)
    {
        await using var world = new VoiceWorld();
        UseRealSdp(world);

        foreach (byte[] bad in (byte[][])[[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]])
        {
            var response = await SendAsync(world, method, "/api/offer", [.. Encoding.ASCII.GetBytes(body).SelectMany(b => b == '|' ? bad : [b])]);
            Assert.Equal(Bad, (int)response.StatusCode);
            Assert.NotEmpty(await VoiceWorld.DetailAsync(response));
        }
    }

    [Theory]
    [InlineData("{\"\\ud800ody\":1,\"\\ud800ransportransport\":\"x\"}")]
    [InlineData("{\"transport\":\"\\ud800\"}")]
    [InlineData("{\"body\":{\"\\ud800\":\"\\ud800\"}}")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public async Task A_start_takes_what_it_does_not_understand_for_nothing(string body)
    {
        await using var world = new VoiceWorld();
        Assert.Equal(200, (int)(await SendAsync(world, "POST", "/start", Encoding.UTF8.GetBytes(body))).StatusCode);
    }

    // Each of these once ended the call.
    [Theory]
    [InlineData("{\"\\ud800ype-that-is-longer\":1}")]
    [InlineData("{\"\\ud800abel\":\"rtvi-ai\",\"\\ud800ype\":\"x\"}")]
    [InlineData("{\"type\":\"signalling\",\"message\":{\"\\ud800eceiver_index\":0,\"type\":\"trackStatus\"}}")]
    [InlineData("{\"label\":\"rtvi-ai\",\"type\":\"client-message\",\"id\":\"1\",\"data\":{\"\\ud800\":1}}")]
    [InlineData("{\"label\":\"rtvi-ai\",\"type\":\"send-text\",\"id\":\"1\",\"data\":{\"content\":\"x\",\"options\":{\"\\ud800un_immediately\":1}}}")]
    [InlineData("{\"label\":\"rtvi-ai\",\"type\":\"client-message\",\"id\":\"1\",\"data\":{\"t\":\"x\",\"d\":{\"\\ud800\":\"\\ud800\"}}}")]
    public async Task Half_a_surrogate_pair_in_a_message_does_not_end_the_call(string message)
    {
        await using var world = new VoiceWorld(static () => new EchoAgent());
        var peer = await world.ConnectAsync();

        peer.Say(message);
        peer.Say("""{"label":"rtvi-ai","type":"client-message","id":"last","data":{"t":"x"}}""");

        string heard;
        do heard = await peer.HeardAsync();
        while (!heard.Contains("\"last\"", StringComparison.Ordinal));
        Assert.Contains("server-response", heard, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"\\ud800\":\"\\udc00\"}")]
    [InlineData("\"\\ud800\"")]
    public async Task Half_a_surrogate_pair_is_echoed_as_it_came(string value)
    {
        await using var world = new VoiceWorld(static () => new EchoAgent());
        var peer = await world.ConnectAsync();

        peer.Say($$$"""{"label":"rtvi-ai","type":"client-message","id":"1","data":{"t":"x","d":{{{value}}}}}""");

        Assert.Equal($$$"""{"label":"rtvi-ai","type":"server-response","id":"1","data":{"t":"x","d":{{{value}}}}}""", await peer.HeardAsync());
    }

    [Fact]
    public async Task Text_that_is_no_UTF_8_is_foreign_and_goes_to_the_agent_as_bytes()
    {
        await using var world = new VoiceWorld(static () => new LoopbackAgent());
        var peer = await world.ConnectAsync();
        byte[] message = [.. "{\"label\":\"rtvi-ai\",\"type\":\"client-message\",\"id\":\"1\",\"data\":{\"t\":\""u8, 0xFF, .. "\"}}"u8];

        peer.Raise(new PeerEvent.ChannelMessage(1, true, message));

        Assert.Equal(message, (await peer.HeardRawAsync()).Content);
    }

    [Fact]
    public void The_base_library_throws_where_it_makes_text_of_half_a_surrogate_pair()
        => Assert.Throws<InvalidOperationException>(() => JsonElement.Parse("{\"\\ud800ype\":1}").TryGetProperty("type", out _));

    /// <summary>Offers meet the parser that they meet in the product.</summary>
    private static void UseRealSdp(VoiceWorld world) => world.Peers.Accept = (_, offer, _) =>
    {
        TransportAddress.TryParse("192.0.2.1", 4000, out var here);
        using var peer = new PeerConnection(
            new PeerConfig { Dtls = new PlainDtls() }, [new(CandidateType.Host, here, here, 1, "1")], "s", new SeededRandom(1), new Instant(0));
        return new(new Acceptance(peer.Accept(offer, new Instant(0)), null));
    };

    private static Task<HttpResponseMessage> SendAsync(VoiceWorld world, string method, string path, byte[] body)
        => world.Http.SendAsync(
            new HttpRequestMessage(new HttpMethod(method), path)
            {
                Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            },
            VoiceWorld.Cancel);

    /// <summary>The statuses that <c>http.server.request.duration</c> has counted for this server.</summary>
    private sealed class CountedRequests : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<int> _statuses = [];

        public CountedRequests(VoiceWorld world)
        {
            var scope = world.Server.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "http.server.request.duration" && instrument.Meter.Scope == scope) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
            {
                foreach (var (name, value) in tags)
                    if (name == "http.response.status_code") lock (_statuses) _statuses.Add((int)value!);
            });
            _listener.Start();
        }

        /// <summary>The count is made after the answer has gone out.</summary>
        public IReadOnlyList<int> Statuses
        {
            get
            {
                SpinWait.SpinUntil(() => { lock (_statuses) return _statuses.Count > 0; }, TimeSpan.FromSeconds(10));
                lock (_statuses) return [.. _statuses];
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
