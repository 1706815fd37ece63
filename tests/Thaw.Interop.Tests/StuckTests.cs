using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Thaw.Dtls;
using Thaw.Net;
using Thaw.Net.Loop;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Thaw.Voice;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Clients that call and are never heard of again: their budget ends them, and nothing of theirs is left.</summary>
public sealed class StuckTests : IDisposable
{
    private const int Clients = 30;

    private static readonly ConnectBudget Hurried = new() { Candidates = TimeSpan.FromSeconds(0.5), Checks = TimeSpan.FromSeconds(1) };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly BouncyCastleDtls _dtls = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Attempts_that_lead_nowhere_leave_no_session_route_or_thread_behind()
    {
        await using var port = SharedPort.Open(new() { UdpPort = 0, Addresses = [IPAddress.Loopback] }, new Clock(TimeProvider.System));
        var listeners = new Failures();
        var sessions = new List<Session>();
        for (int i = 0; i < Clients; i++)
        {
            PeerConnection? peer = null;
            sessions.Add(await port.AddAsync(
                (seat, now) => new HostedPeerConnection(peer = new PeerConnection(Config, seat.LocalCandidates, seat.UfragPrefix, seat.Random, now)), listeners, Cancel));
            string offer = Offer(withCandidates: i % 2 == 0);
            await sessions[^1].PostAsync(now => Assert.IsType<OfferOutcome.Answered>(peer!.Accept(offer, now)), Cancel);
        }

        await Task.WhenAll(sessions.Select(s => s.Completion)).WaitAsync(Patience, Cancel);

        Assert.Equal((0, 0, 0), (port.Routes.FlowCount, port.Routes.UfragCount, port.Statistics.Sessions));
        Assert.Equal(0, _dtls.HandshakesInFlight);
        Assert.Equal(Clients / 2, listeners.Of(PeerFailure.NoCandidates));
        Assert.Equal(Clients / 2, listeners.Of(PeerFailure.ChecksTimedOut));
    }

    [Fact]
    public async Task Calls_that_lead_nowhere_end_their_agents_and_the_server_is_as_it_was()
    {
        var agents = new List<Waiting>();
        await using var server = await VoiceServer.StartAsync(
            new()
            {
                Host = "127.0.0.1",
                Port = 0,
                UdpPort = 0,
                UdpAddresses = [IPAddress.Loopback],
                Rehearse = false,
                Budget = Hurried,
                Limits = new() { AwaitRestart = TimeSpan.FromSeconds(1) },
                Agent = () => { lock (agents) { agents.Add(new()); return agents[^1]; } },
            }, Cancel);
        using var http = new HttpClient();
        string? last = null;
        for (int i = 0; i < Clients; i++)
        {
            using var response = await http.PostAsJsonAsync(new Uri(server.Url, "/api/offer"), new { sdp = Offer(withCandidates: i % 2 == 0), type = "offer" }, Cancel);
            last = (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("pc_id").GetString();
        }

        await Task.WhenAll(agents.Select(a => a.HungUp)).WaitAsync(Patience, Cancel);

        Assert.Equal(Clients, agents.Count);
        Assert.Equal(0, server.Statistics.Sessions);
        using var late = await http.PatchAsJsonAsync(new Uri(server.Url, "/api/offer"), new { pc_id = last, candidates = Array.Empty<object>() }, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, late.StatusCode); // even the name is forgotten
    }

    public void Dispose() => _dtls.Dispose();

    private PeerConfig Config => new() { Dtls = _dtls, Budget = Hurried };

    /// <summary>Of a caller that nobody runs. Where its candidate leads, nobody reads.</summary>
    private string Offer(bool withCandidates)
    {
        using var random = System.Security.Cryptography.RandomNumberGenerator.Create();
        var at = new TransportAddress(IPAddress.Loopback, 9);
        using var caller = new PeerConnection(Config, [new(CandidateType.Host, at, at, 2_130_706_431, "1")], "", random, new Instant(0), IceRole.Controlling);
        string offer = caller.CreateOffer(new Instant(0));
        return withCandidates ? offer : string.Concat(offer.Split("\r\n").Where(l => !l.StartsWith("a=candidate", StringComparison.Ordinal)).Select(l => l + "\r\n")).TrimEnd() + "\r\n";
    }

    private sealed class Waiting : IVoiceAgent
    {
        private readonly TaskCompletionSource _hungUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task HungUp => _hungUp.Task;

        public ValueTask PrepareAsync(CancellationToken hangUp)
        {
            hangUp.Register(() => _hungUp.TrySetResult());
            return ValueTask.CompletedTask;
        }

        public Task RunAsync(VoiceCall call, CancellationToken hangUp) => throw new InvalidOperationException("nobody is there");
    }

    private sealed class Failures : IPeerListener
    {
        private readonly List<PeerFailure> _reasons = [];

        public int Of(PeerFailure reason)
        {
            lock (_reasons) return _reasons.Count(r => r == reason);
        }

        void IPeerListener.OnMedia(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now) { }

        void IPeerListener.OnEvent(PeerEvent e, Instant now)
        {
            if (e is not PeerEvent.Failed failed) return;
            lock (_reasons) _reasons.Add(failed.Reason);
        }

        void IPeerListener.OnObservation(Observation o, Instant now) { }
    }
}
