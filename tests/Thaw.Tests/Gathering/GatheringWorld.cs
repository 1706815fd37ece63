using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Tests.Turn;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Gathering;

/// <summary>A gatherer, STUN and TURN servers, a peer, and a host that dials.</summary>
internal sealed class GatheringWorld
{
    public static readonly TransportAddress Base = TurnWorld.Local;
    public static readonly TransportAddress OtherBase = TurnWorld.Address("192.0.2.2", 40_000);
    public static readonly TransportAddress StunAddress = TurnWorld.Address("198.51.100.77", 3478);
    public static readonly TransportAddress SecondTurn = TurnWorld.Address("198.51.100.2", 3478);

    private static readonly TransportAddress SecondRelay = TurnWorld.Address("198.51.100.10", 0);

    public GatheringWorld(GatheringServer[] servers, TransportAddress[]? bases = null, int seed = 1, GathererOptions? options = null, Link? link = null,
        Dependence? nat = null)
    {
        Net = new Simulation(seed) { DefaultLink = link ?? new Link() };
        Bases = bases ?? [Base];
        var tcp = TransportProtocol.Tcp;
        TurnEnd = Net.Add("turn", Turn, [TurnWorld.ServerAddress, .. ScriptedTurnServer.RelayPorts(TurnWorld.RelayAddress), .. ScriptedTurnServer.RelayPorts(TurnWorld.RelayAddress6)]);
        Net.Add("turn2", Second, [SecondTurn, .. ScriptedTurnServer.RelayPorts(SecondRelay)]);
        Net.Add("turn over tcp", Stream, [TurnWorld.ServerAddress.Over(tcp), .. ScriptedTurnServer.RelayPorts(StreamRelay)]);
        Stun = Net.Add("stun", new ScriptedStunServer(), StunAddress, TurnWorld.Address("127.0.0.1", 3478));
        Peer = Net.Add("peer", new Echo(), TurnWorld.PeerAddress, TurnWorld.PeerAddress6);
        Gatherer = Net.Add("gatherer", new Gatherer(options ?? new GathererOptions(), Net.NewRandom(), Net.Now), Bases);
        if (nat is { } mapping)
        {
            Nat = new Nat(TurnWorld.Address("203.0.113.200", 0), mapping, Dependence.EndpointIndependent);
            Simulation.Move(Gatherer, Net.Behind(Nat));
        }

        Gatherer.Do((gatherer, now) => gatherer.SetBases(Bases, now));
        SetServers(servers);
    }

    public static TransportAddress StreamRelay { get; } = TurnWorld.Address("198.51.100.11", 0);

    public Simulation Net { get; }

    /// <summary>Hides the bases behind one address.</summary>
    public Nat? Nat { get; }
    public TransportAddress[] Bases { get; }
    public ScriptedTurnServer Turn { get; } = new(TurnWorld.ServerAddress, TurnWorld.RelayAddress);
    public ScriptedTurnServer Second { get; } = new(SecondTurn, SecondRelay);
    public ScriptedTurnServer Stream { get; } = new(TurnWorld.ServerAddress.Over(TransportProtocol.Tcp), StreamRelay);
    public Endpoint<ScriptedTurnServer> TurnEnd { get; }
    public Endpoint<ScriptedStunServer> Stun { get; }
    public Endpoint<Echo> Peer { get; }
    public Endpoint<Gatherer> Gatherer { get; }

    public IReadOnlyList<GatheredAddress> Addresses => Gatherer.Machine.Addresses;

    public TransportAddress Relayed => Assert.Single(Addresses, address => address.Kind is GatheredKind.Relayed).Address;

    public TransportAddress[] Relays => [.. Addresses.Where(address => address.Kind is GatheredKind.Relayed).Select(address => address.Address)];

    public TransportAddress[] Mapped => [.. Addresses.Where(address => address.Kind is GatheredKind.ServerReflexive).Select(address => address.Address)];

    public IEnumerable<Observation.GatheringFailed> Failures => Gatherer.Of<Observation.GatheringFailed>();

    public IEnumerable<byte[]> Delivered => Gatherer.Seen.Where(seen => seen.Kind is OutputKind.Delivery).Select(seen => seen.Payload);

    public static GatheringServer StunServer(TransportAddress? address = null) => new("stun", address ?? StunAddress, GatheringKind.Stun);

    public static GatheringServer TurnServer(TransportAddress? address = null, TurnCredential? credential = null, bool tls = false)
        => new("turn", address ?? TurnWorld.ServerAddress, GatheringKind.Turn, tls, "turn.example", credential ?? ScriptedTurnServer.Credential);

    public void SetServers(params GatheringServer[] servers) => Gatherer.Do((gatherer, now) => gatherer.SetServers(servers, now));

    public GatheringWorld Settle()
    {
        Net.RunUntil(() => Gatherer.Machine.IsSettled, TimeSpan.FromSeconds(15));
        return this;
    }

    public void Run(double seconds) => Net.RunFor(TimeSpan.FromSeconds(seconds));

    public void Send(byte payload) => Gatherer.Do((gatherer, now) => gatherer.SendRelayed(Relayed, TurnWorld.PeerAddress, [payload], now));

    /// <summary>The last connection that the gatherer asked for.</summary>
    public GatheringEvent.ConnectionWanted Wanted => Gatherer.Of<GatheringEvent.ConnectionWanted>().Last();

    public void Connect(ushort port = 50_001)
    {
        var local = Base.WithPort(port).Over(TransportProtocol.Tcp);
        Gatherer.Addresses.Add(local);
        Gatherer.Do((gatherer, now) => gatherer.Connected(Wanted.Id, local, now));
    }
}

internal sealed class ScriptedStunServer : IMachine
{
    private readonly Queue<(TransportAddress Source, TransportAddress Destination, byte[] Payload)> _outputs = new();

    public List<(Instant At, TransportAddress Client)> Asked { get; } = [];

    public bool IsSilent { get; set; }

    /// <summary>As RFC 3489's servers: MAPPED-ADDRESS only.</summary>
    public bool IsOld { get; set; }

    public int Code { get; set; }

    public Func<TransportAddress, TransportAddress> Lie { get; set; } = client => client;

    public void Receive(in Datagram datagram, Instant now)
    {
        Asked.Add((now, datagram.Source));
        if (IsSilent || StunReader.TryRead(datagram.Payload, out var message) is not null) return;

        var reply = new StunWriter(new byte[200], StunMethod.Binding, Code == 0 ? StunClass.SuccessResponse : StunClass.ErrorResponse, message.Transaction);
        if (Code != 0) reply.AddError(Code, "No"u8);
        else if (IsOld) reply.AddAddress(StunAttributeType.MappedAddress, Lie(datagram.Source));
        else reply.AddXorAddress(StunAttributeType.XorMappedAddress, Lie(datagram.Source));
        _outputs.Enqueue((datagram.Destination, datagram.Source, reply.Finish().ToArray()));
    }

    public void Advance(Instant now) => _ = now;

    public Output Poll(Span<byte> buffer, Instant now)
        => _outputs.TryDequeue(out var o) ? Output.Transmit(o.Source, o.Destination, o.Payload) : Output.Idle(Instant.Never);
}
