using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Thaw.Voice;
using Thaw.Voice.Agents;
using Thaw.Voice.Audio;
using Thaw.Voice.Calls;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>The whole voice backend in memory: HTTP by a test server, peers by script, time by hand.</summary>
internal sealed class VoiceWorld : IAsyncDisposable
{
    private readonly WebApplication _web;

    public VoiceWorld(Func<IVoiceAgent>? agent = null, Func<VoiceServerOptions, VoiceServerOptions>? with = null, SteppedTime? time = null)
    {
        Time = time ?? new();
        var options = new VoiceServerOptions { Agent = agent ?? (static () => new LoopbackAgent()), Time = Time };
        (_web, Calls) = VoiceServer.Compose(with?.Invoke(options) ?? options, Peers, Codecs, web => web.UseTestServer());
        _web.StartAsync().GetAwaiter().GetResult();
        Http = _web.GetTestClient();
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static AudioCodecs Codecs { get; } = AudioCodecs.WithoutOpus("so that tests mean the same everywhere");
    public SteppedTime Time { get; }

    /// <summary>The test itself decides when its agent is prepared; otherwise a call settles only with an agent that is.</summary>
    public bool AgentIsLate { get; init; }

    public ScriptedPeers Peers { get; } = new();
    public CallHost Calls { get; }
    public HttpClient Http { get; }
    public TestServer Server => _web.GetTestServer();

    public static string Sdp(string ufrag, int version = 2) => $"v=0\r\no=- 1 {version} IN IP4 127.0.0.1\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:x\r\n";

    public static string Line(string ufrag, int port = 50000) => $"candidate:1 1 udp 2122260223 192.0.2.1 {port} typ host generation 0 ufrag {ufrag} network-id 1";

    public Task<HttpResponseMessage> SendAsync(string method, string path, string? body, string contentType = "application/json")
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        return Http.SendAsync(request, Cancel);
    }

    public Task<HttpResponseMessage> PostOfferAsync(string ufrag, string? pcId = null, bool restart = false, string? session = null, int version = 2)
    {
        string path = session is null ? "/api/offer" : $"/sessions/{session}/api/offer";
        string body = $$"""{"sdp":{{Quote(Sdp(ufrag, version))}},"type":"offer","pc_id":{{Quote(pcId)}},"restart_pc":{{(restart ? "true" : "false")}}}""";
        return SendAsync("POST", path, body);
    }

    /// <summary>An offer that is answered; returns the answer's pc_id.</summary>
    public async Task<string> CallAsync(string ufrag, string? pcId = null, bool restart = false, string? session = null, int version = 2)
    {
        using var response = await PostOfferAsync(ufrag, pcId, restart, session, version);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("pc_id").GetString()!;
    }

    public Task<HttpResponseMessage> TrickleAsync(string? pcId, params string[] lines)
    {
        string candidates = string.Join(",", lines.Select(l => $$"""{"candidate":{{Quote(l)}},"sdp_mid":"0","sdp_mline_index":0}"""));
        return SendAsync("PATCH", "/api/offer", $$"""{"pc_id":{{Quote(pcId)}},"candidates":[{{candidates}}]}""");
    }

    public async Task<string> StartSessionAsync(string? body = "{}")
    {
        using var response = await SendAsync("POST", "/start", body);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("sessionId").GetString()!;
    }

    /// <summary>A call that is up, with the client's first words exchanged.</summary>
    public async Task<ScriptedPeer> ConnectAsync(string ufrag = "abcd")
    {
        await CallAsync(ufrag);
        var peer = Peers.Latest;
        peer.Connect();
        peer.Say(ClientReady("58ba8dca"));
        Assert.Contains("bot-ready", await peer.HeardAsync(), StringComparison.Ordinal);
        return peer;
    }

    public static string ClientReady(string id, string version = "2.1.0")
        => $$$"""{"label":"rtvi-ai","type":"client-ready","data":{"version":"{{{version}}}","about":{"library":"@pipecat-ai/client-js","library_version":"1.13.1"}},"id":"{{{id}}}"}""";

    /// <summary>Everything posted to any call before this has been dealt with.</summary>
    public async Task SettleAsync()
    {
        foreach (var call in Calls.Snapshot())
        {
            if (!AgentIsLate) await call.Preparing.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
            var settle = new CallInput.Settle(new(TaskCreationOptions.RunContinuationsAsynchronously));
            if (call.Post(settle)) await Task.WhenAny(settle.Done.Task, call.Ended).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        }
    }

    public async Task AdvanceAsync(TimeSpan by)
    {
        await SettleAsync();
        Time.Advance(by);
        await SettleAsync();
    }

    /// <summary>Lets time pass whenever somebody begins to wait for <paramref name="wait"/>, until the task is done.</summary>
    public async Task WaitOutAsync(TimeSpan wait, Task task)
    {
        while (await Task.WhenAny(task, Time.WaitBegunAsync(wait)).WaitAsync(TimeSpan.FromSeconds(10), Cancel) != task) Time.Advance(wait);
        await task;
    }

    public Task FarewellAsync(Task task) => WaitOutAsync(new CallLimits().Farewell, task);

    public static async Task<string> DetailAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var body = JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancel));
        return body.GetProperty("detail").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        await FarewellAsync(Calls.DisposeAsync().AsTask());
        Http.Dispose();
        await _web.DisposeAsync();
    }

    private static string Quote(string? text) => text is null ? "null" : JsonSerializer.Serialize(text);
}
