using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;
using Xunit;

namespace Thaw.Interop.Tests.Gathering;

/// <summary>
/// The smallest host: one UDP socket, the streams that are asked for, one peer that says everything back. It runs while a
/// test waits for something.
/// </summary>
internal sealed class GathererLoop : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly Socket _socket = Bound();
    private readonly Socket _peer = Bound();
    private readonly Dictionary<TransportAddress, Stream> _streams = [];
    private readonly ConcurrentQueue<Action<Instant>> _inputs = new();
    private readonly byte[] _buffer = new byte[Output.BufferLength];

    public GathererLoop(params GatheringServer[] servers)
    {
        Gatherer = new Gatherer(new GathererOptions(), RandomNumberGenerator.Create(), Now);
        Gatherer.SetBases([AddressOf(_socket)], Now);
        Gatherer.SetServers(servers, Now);
    }

    public Gatherer Gatherer { get; }

    public List<Observation> Seen { get; } = [];

    public List<(TransportAddress Source, byte[] Payload)> Delivered { get; } = [];

    /// <summary>ChannelData messages sent.</summary>
    public int OnChannel { get; private set; }

    public TransportAddress Peer => AddressOf(_peer);

    public TransportAddress Relayed => Assert.Single(Gatherer.Addresses, address => address.Kind is GatheredKind.Relayed).Address;

    public Observation.GatheringFailed Failure => Assert.Single(Seen.OfType<Observation.GatheringFailed>());

    public static GatheringServer Turn(Coturn server, (string Username, string Password) credential, TransportProtocol protocol = TransportProtocol.Udp, bool tls = false)
        => new("turn", new TransportAddress(server.Address.Address, (ushort)server.Address.Port).Over(protocol), GatheringKind.Turn, tls, "turn.test",
            new TurnCredential(credential.Username, credential.Password));

    public GathererLoop Settle()
    {
        RunUntil(() => Gatherer.IsSettled);
        return this;
    }

    public void Send(params byte[] payload) => Gatherer.SendRelayed(Relayed, Peer, payload, Now);

    public void RunUntil(Func<bool> condition) => RunUntil(condition, Limit);

    public void RunUntil(Func<bool> condition, TimeSpan limit)
    {
        for (var started = Stopwatch.StartNew(); !condition();)
        {
            if (started.Elapsed > limit) Assert.Fail($"Not within {limit}. Seen:\n{string.Join('\n', Seen)}");
            var wakeAt = Drain();
            if (condition()) return;

            var patience = wakeAt == Instant.Never ? TimeSpan.FromMilliseconds(20) : TimeSpan.FromTicks(Math.Clamp((wakeAt - Now).Ticks, 0, 200_000));
            _socket.Poll(patience, SelectMode.SelectRead);
            Take(_socket, (source, payload) => Gatherer.Receive(new Datagram(source, AddressOf(_socket), payload), Now));
            Take(_peer, (source, payload) => _peer.SendTo(payload, EndPointOf(source)));
            while (_inputs.TryDequeue(out var input))
            {
                input(Now);
                Drain();
            }

            Gatherer.Advance(Now);
        }
    }

    public void Close()
    {
        Gatherer.Close(Now);
        var quiet = Stopwatch.StartNew();
        RunUntil(() => Drain() == Instant.Never || quiet.Elapsed > TimeSpan.FromSeconds(3));
    }

    public void Dispose()
    {
        foreach (var stream in _streams.Values) stream.Dispose();
        _socket.Dispose();
        _peer.Dispose();
    }

    private static Instant Now => new(Stopwatch.GetElapsedTime(0).Ticks);

    private Instant Drain()
    {
        while (true)
        {
            var output = Gatherer.Poll(_buffer, Now);
            switch (output.Kind)
            {
                case OutputKind.Idle: return output.WakeAt;
                case OutputKind.Observation: Seen.Add((Observation)output.Value!); break;
                case OutputKind.Delivery: Delivered.Add((output.Source, output.Payload.ToArray())); break;
                case OutputKind.Event when output.Value is GatheringEvent.ConnectionWanted wanted: _ = DialAsync(wanted); break;
                case OutputKind.Transmit:
                    if (ChannelData.IsChannelData(output.Payload)) OnChannel++;
                    if (output.Source.Protocol is TransportProtocol.Tcp) _streams[output.Source].Write(output.Payload);
                    else _socket.SendTo(output.Payload, EndPointOf(output.Destination));
                    break;
            }
        }
    }

    private async Task DialAsync(GatheringEvent.ConnectionWanted wanted)
    {
        try
        {
            var client = new TcpClient();
            await client.ConnectAsync(EndPointOf(wanted.Server));
            Stream stream = client.GetStream();
            if (wanted.Tls)
            {
#pragma warning disable CA5359 // The certificate was made for this test; validation is the real host's business.
                var tls = new SslStream(stream, false, static (_, _, _, _) => true);
#pragma warning restore CA5359
                await tls.AuthenticateAsClientAsync(wanted.ServerName);
                stream = tls;
            }

            var local = From((IPEndPoint)client.Client.LocalEndPoint!).Over(TransportProtocol.Tcp);
            _inputs.Enqueue(now =>
            {
                _streams[local] = stream;
                Gatherer.Connected(wanted.Id, local, now);
            });
            await ReadAsync(stream, wanted.Server, local);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            _inputs.Enqueue(now => Gatherer.Disconnected(wanted.Id, e.Message, now));
        }
    }

    private async Task ReadAsync(Stream stream, TransportAddress server, TransportAddress local)
    {
        while (true)
        {
            byte[] header = new byte[TurnFraming.HeaderLength];
            await stream.ReadExactlyAsync(header);
            if (!TurnFraming.TryMeasure(header, out int length)) throw new IOException("neither STUN nor ChannelData");
            byte[] message = new byte[length];
            header.CopyTo(message, 0);
            await stream.ReadExactlyAsync(message.AsMemory(header.Length));
            _inputs.Enqueue(now => Gatherer.Receive(new Datagram(server, local, message), now));
        }
    }

    private void Take(Socket socket, Action<TransportAddress, byte[]> input)
    {
        while (socket.Available > 0)
        {
            EndPoint source = new IPEndPoint(IPAddress.Any, 0);
            int length = socket.ReceiveFrom(_buffer, ref source);
            input(From((IPEndPoint)source), _buffer[..length]);
            Drain();
        }
    }

    private static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static TransportAddress AddressOf(Socket socket) => From((IPEndPoint)socket.LocalEndPoint!);

    private static TransportAddress From(IPEndPoint point) => new(point.Address, (ushort)point.Port);

    private static IPEndPoint EndPointOf(TransportAddress address) => new(address.Address, address.Port);
}
