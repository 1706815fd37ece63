using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Thaw.Dtls;
using Thaw.Net;
using Thaw.Net.Names;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Addresses that browsers hide behind names (mDNS), on a network where nobody else answers.</summary>
public sealed class HiddenAddressTests(Chromium chromium)
{
    private const string Known = "0123abcd-0000-4000-8000-000000000001.local", Unknown = "0123abcd-0000-4000-8000-000000000002.local";

    private const string FirstCandidate = """
        new Promise(resolve => {
          const peer = window.kept = new RTCPeerConnection();
          peer.createDataChannel('any');
          peer.onicecandidate = e => e.candidate?.candidate.includes('.local') && resolve(e.candidate.candidate.split(' ')[4]);
          peer.createOffer().then(offer => peer.setLocalDescription(offer));
        })
        """;

    private static readonly IPAddress Here = IPAddress.Parse("10.77.0.1"); // the namespace's
    private static readonly PeerHostOptions OnlyHere = new() { UdpPort = 0, Addresses = [Here], Shards = 1 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_candidate_with_a_name_is_checked_at_the_address_that_the_link_tells()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        using var responder = await network.InsideAsync(() => new Responder(Known));
        using var client = await network.InsideAsync(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
            socket.Bind(new IPEndPoint(Here, 0));
            return socket;
        });
        await using var host = await network.InsideAsync(() => PeerHost.Open(OnlyHere, TimeProvider.System));
        using var dtls = new BouncyCastleDtls();
        var heard = new Listener();
        var config = new PeerConfig { Dtls = dtls, AudioCodecs = ["PCMU"] };
        var handle = await host.AddAsync((seat, now) => new PeerConnection(config, seat.LocalCandidates, seat.UfragPrefix, seat.Random, now), heard, Cancel);

        long began = Stopwatch.GetTimestamp();
        var outcome = await handle.PostAsync((peer, now) => peer.Accept(Offer(config, ((IPEndPoint)client.LocalEndPoint!).Port), now), Cancel);
        Assert.IsType<OfferOutcome.Answered>(outcome);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(1), "The answer waited for the link.");

        byte[] check = new byte[2048];
        Assert.True(client.Receive(check) > 20 && check is [0, 1, ..], "No check came to the address that the name stands for.");
        await heard.UntilAsync(o => o is Observation.RemoteCandidateUnused { Reason: CandidateUnused.NameUnresolved }); // the other name
        Assert.Contains(heard.Observations, o => o is Observation.RemoteCandidateLearned { Candidate: { Type: CandidateType.Host } at } && at.Address.Address.Equals(Here));
    }

    [Fact]
    public async Task Where_chromium_hides_is_found()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        await using var browser = await chromium.LaunchInAsync(network, new Uri("http://localhost"));
        var page = await (await browser.NewContextAsync()).NewPageAsync();

        string name = await page.EvaluateAsync<string>(FirstCandidate).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.Equal([Here], await ResolveAsync(network, name));
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_given_up_after_two_seconds_and_the_port_is_given_back()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        long began = Stopwatch.GetTimestamp();

        Assert.Empty(await ResolveAsync(network, Unknown));

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 1.9, 6);
        using var alone = await network.InsideAsync(() => // whoever shares it not would fail to bind
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Any, 5353));
            return socket;
        });
    }

    private static async Task<IEnumerable<IPAddress>> ResolveAsync(NetworkNamespace network, string name)
    {
        var answer = new TaskCompletionSource<IReadOnlyList<TransportAddress>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var loop = new NameLoop(OnlyHere, new Clock(TimeProvider.System));
        await network.InsideAsync(() => { loop.Resolve(name, answer.SetResult); return true; }); // its thread stays where it was started
        var found = await answer.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        loop.Dispose();
        await loop.Ended.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        return found.Select(a => a.Address);
    }

    private static string Offer(PeerConfig config, int port)
    {
        var at = new TransportAddress(Here, (ushort)port);
        using var random = RandomNumberGenerator.Create();
        using var caller = new PeerConnection(config, [new Candidate(CandidateType.Host, at, at, 2_130_706_431, "1")], "c", random, default, IceRole.Controlling);
        string offer = caller.CreateOffer(default);
        string line = offer.Split("\r\n").First(l => l.StartsWith("a=candidate", StringComparison.Ordinal));
        return offer.Replace(line, line.Replace(Here.ToString(), Known, StringComparison.Ordinal) + "\r\n" + line.Replace(Here.ToString(), Unknown, StringComparison.Ordinal), StringComparison.Ordinal);
    }

    /// <summary>Answers for one name, as a browser's responder does: to the group, and only to a question that stands alone.</summary>
    private sealed class Responder : IDisposable
    {
        private static readonly IPEndPoint Group = new(IPAddress.Parse("224.0.0.251"), 5353);
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

        public Responder(string name)
        {
            _socket.SetRawSocketOption(1, 2, [1, 0, 0, 0]); // SOL_SOCKET, SO_REUSEADDR
            _socket.Bind(Group);
            _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(Group.Address, Here));
            _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, Here.GetAddressBytes());
            new Thread(() => Run(name)) { IsBackground = true }.Start();
        }

        public void Dispose() => _socket.Dispose();

        private void Run(string name)
        {
            byte[] label = [(byte)name.IndexOf('.'), .. System.Text.Encoding.ASCII.GetBytes(name[..name.IndexOf('.')]), 5, .. "local"u8, 0];
            byte[] question = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. label, 0, 1, 0, 1];
            byte[] answer = [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, .. label, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, .. Here.GetAddressBytes()];
            byte[] buffer = new byte[9000];
            try
            {
                while (true)
                    if (buffer.AsSpan(0, _socket.Receive(buffer)).SequenceEqual(question)) _socket.SendTo(answer, Group);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }

    private sealed class Listener : IPeerListener
    {
        private readonly ConcurrentQueue<Observation> _observations = new();

        public IReadOnlyCollection<Observation> Observations => _observations;

        public async Task UntilAsync(Func<Observation, bool> condition)
        {
            for (int i = 0; i < 1000 && !_observations.Any(condition); i++) await Task.Delay(10, Cancel);
            Assert.Contains(_observations, o => condition(o));
        }

        public void OnMedia(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now) { }

        public void OnEvent(PeerEvent e, Instant now) => Assert.IsNotType<PeerEvent.NameToResolve>(e); // the host's business

        public void OnObservation(Observation o, Instant now) => _observations.Enqueue(o);
    }
}
