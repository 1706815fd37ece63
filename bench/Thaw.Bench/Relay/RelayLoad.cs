using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Relay.Udp;

namespace Thaw.Bench.Relay;

/// <summary>Clients and peers of one server, in one thread, over the same fast sockets that the server has.</summary>
internal sealed class RelayLoad : IDisposable
{
    private const ushort Channel = 0x4000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly byte[] Key = LongTermKey.Derive(PasswordAlgorithm.Md5, RelayServer.User, RelayServer.Realm, RelayServer.Password);

    private readonly LinuxEdge _edge = new(TimeSpan.Zero);
    private readonly TransportAddress _server;
    private readonly List<Pair> _pairs = [];
    private readonly byte[] _message = new byte[2048];
    private byte[] _answer = [];
    private byte[] _nonce = [];

    private sealed record Pair(EdgeSocket Client, EdgeSocket Peer, TransportAddress Relayed);

    public RelayLoad(RelayServer server) => _server = new TransportAddress(IPAddress.Loopback, server.Port);

    public long Sent { get; private set; }

    public long Received { get; private set; }

    /// <summary>One more client with a channel to a peer of its own.</summary>
    public void AddPair()
    {
        var client = Open("127.0.1.1");
        var peer = Open("127.0.2.1");
        _nonce = [];
        Ask(client, StunMethod.Allocate, static (ref StunWriter w, TransportAddress _) => w.Add(StunAttributeType.RequestedTransport, 17u << 24), default);
        var allocated = Ask(client, StunMethod.Allocate, static (ref StunWriter w, TransportAddress _) => w.Add(StunAttributeType.RequestedTransport, 17u << 24), default);
        allocated.TryReadXorAddress(StunAttributeType.XorRelayedAddress, out var relayed);
        Ask(client, StunMethod.ChannelBind, static (ref StunWriter w, TransportAddress to) =>
        {
            w.Add(StunAttributeType.ChannelNumber, (uint)Channel << 16);
            w.AddXorAddress(StunAttributeType.XorPeerAddress, to);
        }, peer.Local);
        _pairs.Add(new Pair(client, peer, relayed));
    }

    /// <summary>Each client and each peer sends a burst, evenly spread over the time between two of its bursts.</summary>
    /// <param name="perSecond">Datagrams of all clients together, and as many of all peers.</param>
    public void Run(int bytes, int burst, double perSecond, TimeSpan time)
    {
        (Sent, Received) = (0, 0);
        byte[] data = new byte[bytes], framed = new byte[ChannelData.HeaderLength + bytes];
        ChannelData.WriteHeader(framed, Channel, bytes);
        double burstsPerTick = perSecond / burst / Stopwatch.Frequency;
        long began = Stopwatch.GetTimestamp(), end = began + (long)(time.TotalSeconds * Stopwatch.Frequency), done = 0;
        for (long now = began; now < end; now = Stopwatch.GetTimestamp())
        {
            long due = Math.Min((long)((now - began) * burstsPerTick), done + 64); // what a stall left behind comes slowly, not as a flood
            for (; done < due; done++)
            {
                var pair = _pairs[(int)(done % _pairs.Count)];
                for (int i = 0; i < burst; i++) _edge.Send(pair.Client, _server, framed);
                for (int i = 0; i < burst; i++) _edge.Send(pair.Peer, pair.Relayed, data);
                Sent += 2 * burst;
            }

            _edge.Flush();
            _edge.Receive(TimeSpan.FromMilliseconds(1), Count);
        }

        for (long last = -1; last != Received;)
        {
            last = Received;
            _edge.Receive(TimeSpan.FromMilliseconds(200), Count);
        }
    }

    public void Dispose() => _edge.Dispose();

    private void Count(EdgeSocket socket, TransportAddress source, Span<byte> room, int length) => Received++;

    private EdgeSocket Open(string address)
        => _edge.TryOpen(new TransportAddress(IPAddress.Parse(address), 0), EdgeUse.Relay) ?? throw new InvalidOperationException("No more sockets: ulimit -n.");

    private delegate void Fill(ref StunWriter writer, TransportAddress peer);

    private StunReader Ask(EdgeSocket client, StunMethod method, Fill fill, TransportAddress peer)
    {
        Span<byte> bytes = stackalloc byte[12];
        RandomNumberGenerator.Fill(bytes);
        var writer = new StunWriter(_message, method, StunClass.Request, TransactionId.Read(bytes));
        fill(ref writer, peer);
        if (_nonce.Length > 0)
        {
            writer.Add(StunAttributeType.Username, Encoding.ASCII.GetBytes(RelayServer.User));
            writer.Add(StunAttributeType.Realm, Encoding.ASCII.GetBytes(RelayServer.Realm));
            writer.Add(StunAttributeType.Nonce, _nonce);
            writer.AddIntegrity(Key);
        }

        _edge.Send(client, _server, writer.Finish());
        _edge.Flush();
        _answer = [];
        for (long began = Stopwatch.GetTimestamp(); _answer.Length == 0 && Stopwatch.GetElapsedTime(began) < Patience;)
            _edge.Receive(TimeSpan.FromMilliseconds(100), (_, _, room, length) => _answer = room.Slice(DatagramRoom.Before, length).ToArray());

        if (StunReader.TryRead(_answer, out var answer) is { } reason) throw new InvalidOperationException($"{method}: {reason}");
        if (answer.TryFind(StunAttributeType.Nonce, out var nonce)) _nonce = nonce.Value.ToArray();
        else if (answer.Class is not StunClass.SuccessResponse) throw new InvalidOperationException($"{method} was refused.");
        return answer;
    }
}
