using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;

namespace Thaw.Bench.Sessions;

/// <summary>One caller: our own peer connection in the offering role, as a browser's would be.</summary>
internal sealed class Client(Delays delays) : IPeerListener
{
    private static readonly byte[] ClientReady = """{"id":"1","label":"rtvi-ai","type":"client-ready","data":{"version":"2.1.0","about":{"library":"bench"}}}"""u8.ToArray();
    private static readonly byte[] Ping = "ping: 1"u8.ToArray();

    private readonly TaskCompletionSource<ushort> _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PeerHandle _peer = null!;
    private ushort _channel;
    private uint _timestamp;
    private long _received;

    public long Sent { get; private set; }

    public long Received => Volatile.Read(ref _received);

    public bool Ended { get; private set; }

    /// <param name="address">Which of the host's addresses is this caller's own: to a server, two callers never share one.</param>
    public async Task ConnectAsync(PeerHost host, int address, PeerConfig config, HttpClient http, Uri server, CancellationToken cancel)
    {
        _peer = await host.AddAsync(
            (seat, now) => new PeerConnection(config, [seat.LocalCandidates[address]], seat.UfragPrefix, seat.Random, now, IceRole.Controlling), this, cancel);
        string offer = await _peer.PostAsync((peer, now) => peer.CreateOffer(now), cancel);
        using var response = await http.PostAsJsonAsync(new Uri(server, "/api/offer"), new { sdp = offer, type = "offer" }, cancel);
        response.EnsureSuccessStatusCode();
        string answer = (await response.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("sdp").GetString()!;
        string? error = await _peer.PostAsync((peer, now) =>
        {
            if (!peer.TryAcceptAnswer(answer, now, out string why)) return why;
            peer.OpenChannel("chat", now);
            return null;
        }, cancel);
        if (error is not null) throw new InvalidOperationException(error);

        _channel = await _open.Task.WaitAsync(TimeSpan.FromSeconds(20), cancel);
        _peer.TrySendMessage(_channel, isText: true, ClientReady);
    }

    /// <summary>Sends one 20 ms packet that begins with the time, where the server returns payloads as they are.</summary>
    public void Send(Span<byte> payload, bool stamp)
    {
        if (stamp) BinaryPrimitives.WriteInt64LittleEndian(payload, Stopwatch.GetTimestamp());
        if (_peer.TrySendAudio(payload, _timestamp, marker: Sent == 0)) Sent++;
        _timestamp += 960;
    }

    public void SendPing() => _peer.TrySendMessage(_channel, isText: true, Ping);

    public void Close() => _peer.Close();

    void IPeerListener.OnMedia(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now)
    {
        Volatile.Write(ref _received, _received + 1);
        if (delays.On) delays.Add(Stopwatch.GetElapsedTime(BinaryPrimitives.ReadInt64LittleEndian(payload)));
    }

    void IPeerListener.OnEvent(PeerEvent e, Instant now)
    {
        if (e is PeerEvent.ChannelOpened opened) _open.TrySetResult(opened.Stream);
        if (e is not (PeerEvent.Failed or PeerEvent.Closed)) return;
        Ended = true;
        _open.TrySetException(new InvalidOperationException($"{e}"));
    }

    void IPeerListener.OnObservation(Observation o, Instant now) { }
}
