using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Thaw.Dtls;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Thaw.Voice.Audio;
using Thaw.Voice.Http;

namespace Thaw.Voice;

/// <summary>
/// One call, over real HTTP and UDP on loopback, to a second server in this process that nobody else knows of. It runs
/// every piece of code that a first caller needs, so that he does not wait while it is compiled.
/// </summary>
internal sealed class Rehearsal : IPeerListener
{
    private const int Frames = 3;
    public static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(3);
    private static readonly byte[] ClientReady = """{"id":"1","label":"rtvi-ai","type":"client-ready","data":{"version":"2.1.0"}}"""u8.ToArray();

    private readonly TaskCompletionSource<ushort> _channel = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A failure, or more than this time, is only noted: the first real call takes longer then, and no more.</summary>
    public static async Task RunAsync(ILogger log, TimeSpan within, CancellationToken cancel)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(within);
            await Task.Run(() => CallAsync(limit.Token), limit.Token);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            log.RehearsalFailed(e);
        }
    }

    private static async Task CallAsync(CancellationToken cancel)
    {
        var loopback = Socket.OSSupportsIPv4 ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        await using var server = await VoiceServer.StartAsync(
            new() { Host = loopback.ToString(), Port = 0, UdpPort = 0, TcpPort = null, UdpAddresses = [loopback], Relay = null, Rehearse = false, Limits = new() { Farewell = TimeSpan.Zero } }, cancel);
        await using var host = PeerHost.Open(new() { UdpPort = 0, Addresses = [loopback], Shards = 1 }, TimeProvider.System);
        using var dtls = new BouncyCastleDtls();
        using var http = new HttpClient { BaseAddress = server.Url };
        await new Rehearsal().CallAsync(host, new() { Dtls = dtls, AudioCodecs = server.Codecs.Names }, http, server.Codecs, cancel);
    }

    private async Task CallAsync(PeerHost host, PeerConfig config, HttpClient http, AudioCodecs codecs, CancellationToken cancel)
    {
        var peer = await host.AddAsync(
            (seat, now) => new PeerConnection(config, seat.LocalCandidates, seat.UfragPrefix, seat.Random, now, IceRole.Controlling), this, cancel);
        string offer = await peer.PostAsync((p, now) => p.CreateOffer(now), cancel);
        var answer = await SendAsync(HttpMethod.Post, new OfferBody { Sdp = offer, Type = "offer" }, VoiceJson.Default.OfferBody);
        await peer.PostAsync((p, now) => p.TryAcceptAnswer(answer.GetProperty("sdp").GetString()!, now, out _) ? p.OpenChannel("chat", now) : default, cancel);
        await SendAsync(HttpMethod.Patch, new CandidatesBody { PcId = answer.GetProperty("pc_id").GetString(), Candidates = [] }, VoiceJson.Default.CandidatesBody);

        peer.TrySendMessage(await _channel.Task.WaitAsync(cancel), isText: true, ClientReady);
        await _answered.Task.WaitAsync(cancel);
        Speak(peer, codecs);
        await _heard.Task.WaitAsync(cancel);
        peer.Close();

        async Task<JsonElement> SendAsync<T>(HttpMethod method, T body, JsonTypeInfo<T> type)
        {
            using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(method, "/api/offer") { Content = content };
            using var response = await http.SendAsync(request, cancel);
            using var document = JsonDocument.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancel));
            return document.RootElement.Clone();
        }
    }

    private static void Speak(PeerHandle peer, AudioCodecs codecs)
    {
        using var encoder = codecs.CreateEncoder(codecs.Names[0], 48_000);
        byte[] payload = new byte[1275];
        for (uint frame = 0; frame < Frames; frame++)
            peer.TrySendAudio(payload.AsSpan(0, encoder.Encode(new short[encoder.FrameLength], payload)), frame * encoder.FrameTicks, marker: frame == 0);
    }

    void IPeerListener.OnEvent(PeerEvent e, Instant now)
    {
        if (e is PeerEvent.ChannelOpened opened) _channel.TrySetResult(opened.Stream);
        else if (e is PeerEvent.ChannelMessage) _answered.TrySetResult();
        else if (e is PeerEvent.Failed failed) _channel.TrySetException(new PeerHostException(PeerHostError.SessionClosed, failed.Detail));
    }

    void IPeerListener.OnMedia(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now) => _heard.TrySetResult();

    void IPeerListener.OnObservation(Observation o, Instant now) { }
}
