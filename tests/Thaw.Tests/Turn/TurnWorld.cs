using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Tests.World;

namespace Thaw.Tests.Turn;

/// <summary>A client, a server and a peer who says everything back.</summary>
internal sealed class TurnWorld
{
    public static readonly TransportAddress Local = Address("192.0.2.1", 40_000);
    public static readonly TransportAddress ServerAddress = Address("198.51.100.1", 3478);
    public static readonly TransportAddress RelayAddress = Address("198.51.100.9", 0);
    public static readonly TransportAddress RelayAddress6 = Address("2001:db8::9", 0);
    public static readonly TransportAddress PeerAddress = Address("203.0.113.5", 7000);
    public static readonly TransportAddress PeerAddress6 = Address("2001:db8::5", 7000);

    public TurnWorld(
        int seed = 1, Action<ScriptedTurnServer>? server = null, TurnCredential? credential = null, TransportProtocol protocol = TransportProtocol.Udp,
        TurnClientOptions? options = null, bool relays6 = false, Link? link = null, bool isAnonymous = false)
    {
        Net = new Simulation(seed) { DefaultLink = link ?? new Link() };
        Server = new ScriptedTurnServer(ServerAddress.Over(protocol), RelayAddress, relays6 ? RelayAddress6 : null);
        server?.Invoke(Server);
        ServerEnd = Net.Add("server", Server,
            [ServerAddress.Over(protocol), .. ScriptedTurnServer.RelayPorts(RelayAddress), .. ScriptedTurnServer.RelayPorts(RelayAddress6)]);
        Peer = Net.Add("peer", new Echo(), PeerAddress, PeerAddress6);
        var client = new TurnClient(
            options ?? new TurnClientOptions(), Local.Over(protocol), ServerAddress.Over(protocol),
            isAnonymous ? null : credential ?? ScriptedTurnServer.Credential, Net.NewRandom(), Net.Now);
        Client = Net.Add("client", client, Local.Over(protocol));
    }

    public Simulation Net { get; }
    public ScriptedTurnServer Server { get; }
    public Endpoint<ScriptedTurnServer> ServerEnd { get; }
    public Endpoint<TurnClient> Client { get; }
    public Endpoint<Echo> Peer { get; }

    public TurnClientState State => Client.Machine.State;

    /// <summary>Payloads that came through the relay.</summary>
    public IEnumerable<byte[]> Delivered => Client.Seen.Where(seen => seen.Kind is OutputKind.Delivery).Select(seen => seen.Payload);

    public static TransportAddress Address(string address, int port)
        => TransportAddress.TryParse(address, port, out var parsed) ? parsed : throw new FormatException(address);

    public TurnWorld Allocate()
    {
        Net.RunUntil(() => State is TurnClientState.Allocated, TimeSpan.FromSeconds(10));
        return this;
    }

    public void Send(params byte[] payload) => Client.Do((client, now) => client.Send(PeerAddress, payload, now));

    public void Run(double seconds) => Net.RunFor(TimeSpan.FromSeconds(seconds));

    public IEnumerable<Asked> Asked(Protocol.Stun.StunMethod method) => Server.Requests.Where(asked => asked.Method == method);
}

internal sealed class Echo : IMachine
{
    private readonly Queue<(TransportAddress Source, TransportAddress Destination, byte[] Payload)> _outputs = new();

    public List<TransportAddress> Heard { get; } = [];

    public bool IsMute { get; set; }

    public void Receive(in Datagram datagram, Instant now)
    {
        Heard.Add(datagram.Source);
        if (!IsMute) _outputs.Enqueue((datagram.Destination, datagram.Source, datagram.Payload.ToArray()));
    }

    public void Advance(Instant now) => _ = now;

    public Output Poll(Span<byte> buffer, Instant now)
        => _outputs.TryDequeue(out var o) ? Output.Transmit(o.Source, o.Destination, o.Payload) : Output.Idle(Instant.Never);
}
