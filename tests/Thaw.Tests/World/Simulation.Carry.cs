using System.Buffers.Binary;
using System.Numerics;
using Thaw.Protocol;

namespace Thaw.Tests.World;

internal sealed partial class Simulation
{
    private const int HeadersIPv4 = 28, HeadersIPv6 = 48; // IP and UDP

    private static readonly TimeSpan Retransmission = TimeSpan.FromMilliseconds(300); // TCP: what is lost is late

    private readonly Dictionary<(Endpoint At, TransportAddress Local, TransportAddress Remote), Connection> _connections = [];
    private ulong _digest;

    /// <summary>The link of every pair of hosts that <see cref="Links"/> does not name.</summary>
    public Link DefaultLink { get; set; } = new();

    /// <summary>Directed, by sending and receiving endpoint; the last that matches counts.</summary>
    public List<(Endpoint From, Endpoint To, Link Link)> Links { get; } = [];

    /// <summary>Each must let a packet pass (as it looks behind the sender's NAT).</summary>
    public List<Func<Packet, bool>> Firewalls { get; } = [];

    /// <summary>Datagrams sent, whether or not they arrived.</summary>
    public int Sent { get; private set; }

    /// <summary>A digest of every datagram sent so far, with its time and addresses.</summary>
    public string Transcript => $"{_digest:x16}";

    /// <summary>Takes one datagram from an endpoint into the network.</summary>
    internal void Carry(Endpoint from, TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> payload)
    {
        Sent++;
        Digest(source, destination, payload);

        Connection? connection = null;
        if (destination.Protocol is TransportProtocol.Tcp && !_connections.TryGetValue((from, source, destination), out connection))
        {
            if (from.Listeners.Contains(source)) return;
            connection = new Connection(IsActive: true);
        }

        bool isAnswer = connection is { IsActive: false };

        if (!from.Policy.LetsOut(destination, isAnswer) || !from.Owns(source) || from.RealmOf(source) is not { } realm) return;
        var outside = source;
        if (Ascend(realm, ref outside, destination, isAnswer) is not { } site) return;

        var packet = new Packet(from, outside, destination, payload.ToArray()) { Site = site, IsAnswer = isAnswer };
        foreach (var lets in Firewalls)
            if (!lets(packet)) return;
        if (Peek(site, destination) is not { } target) return;

        var link = LinkOf(from, target);
        if (link.IsOut(Elapsed)) return;
        if (connection is null)
        {
            if (payload.Length + (destination.IsIPv4 ? HeadersIPv4 : HeadersIPv6) > link.Mtu) return;
            Span<TimeSpan> delays = stackalloc TimeSpan[2];
            int copies = link.Deliveries(_random, delays);
            for (int i = 0; i < copies; i++) Schedule(Now + delays[i], new Due(null, packet));
        }
        else if (link.Loss < 1)
        {
            CarryStream(connection, (from, source, destination), packet, link);
        }
    }

    /// <summary>A TCP handshake. Where it does not get through, nothing happens: that is what deadlines are for.</summary>
    public void Dial(Endpoint from, TransportAddress local, TransportAddress server, Action connected)
    {
        if (!from.Policy.LetsOut(server, isAnswer: false) || from.RealmOf(local) is not { } realm) return;
        var outside = local;
        if (Ascend(realm, ref outside, server, isAnswer: false) is not { } site || Peek(site, server) is not { } target) return;
        var link = LinkOf(from, target);
        if (link.Loss >= 1 || link.IsOut(Elapsed)) return;
        var packet = new Packet(from, outside, server, []) { Site = site };
        if (Enter(packet) is not (var reached, var at) || reached != target) return;

        _connections[(from, local, server)] = new Connection(IsActive: true);
        _connections[(target, at, outside)] = new Connection(IsActive: false);
        After(2 * TimeSpan.FromMilliseconds(link.LatencyMs), connected);
    }

    /// <summary>Bytes of a connection: in order, and late instead of lost. The first wait for the handshake.</summary>
    private void CarryStream(Connection connection, (Endpoint, TransportAddress, TransportAddress) key, Packet packet, Link link)
    {
        Span<TimeSpan> delays = stackalloc TimeSpan[2];
        var delay = TimeSpan.Zero;
        while (link.Deliveries(_random, delays) == 0) delay += Retransmission;
        delay += delays[0];

        if (_connections.TryAdd(key, connection))
        {
            packet.OpensConnection = true;
            delay += 2 * TimeSpan.FromMilliseconds(link.LatencyMs);
        }

        if (Now + delay > connection.LastArrival) connection.LastArrival = Now + delay;
        Schedule(connection.LastArrival, new Due(null, packet));
    }

    /// <summary>Outwards until someone knows the destination: an endpoint, or the box in front of it.</summary>
    private object? Ascend(Realm realm, ref TransportAddress source, TransportAddress destination, bool isAnswer)
    {
        Middlebox? left = null;
        while (true)
        {
            if (realm.Find(destination) is { } site) return site != left || left!.TurnsBack(destination) ? site : null;
            if (realm.GatewayFor(destination) is not { } gateway || !gateway.Policy.LetsOut(destination, isAnswer)) return null;
            if (gateway.Outbound(source, destination, Now) is not { } outside) return null;
            (source, realm, left) = (outside, gateway.Outer, gateway);
        }
    }

    /// <summary>Who will get it if every filter lets it pass.</summary>
    private Endpoint? Peek(object? site, TransportAddress destination)
    {
        while (site is Middlebox box)
        {
            if (box.Behind(destination, Now) is not { } inside) return null;
            (site, destination) = (box.Inner.Find(inside), inside);
        }

        return site as Endpoint;
    }

    /// <summary>Inwards, past the filters as they are at this moment.</summary>
    private (Endpoint Target, TransportAddress Destination)? Enter(Packet packet)
    {
        var (site, destination) = (packet.Site, packet.Destination);
        while (site is Middlebox box)
        {
            if (!box.Policy.LetsIn(destination, packet.IsAnswer)) return null;
            if (box.Inbound(packet.Source, destination, Now) is not { } inside) return null;
            (site, destination) = (box.Inner.Find(inside), inside);
        }

        bool isTaken = site is Endpoint target && target.Policy.LetsIn(destination, packet.IsAnswer) && target.Owns(destination);
        return isTaken ? ((Endpoint)site!, destination) : null;
    }

    private void Arrive(Packet packet)
    {
        if (Enter(packet) is not var (target, destination)) return;
        if (destination.Protocol is TransportProtocol.Tcp && !packet.IsAnswer)
        {
            var key = (target, destination, packet.Source);
            if (packet.OpensConnection) _connections[key] = new Connection(IsActive: false);
            else if (!_connections.ContainsKey(key)) return; // reset: the translation changed under the connection
        }

        target.Deliver(packet.Source, destination, packet.Payload);
    }

    private Link LinkOf(Endpoint from, Endpoint to)
    {
        for (int i = Links.Count - 1; i >= 0; i--)
            if (Links[i].From == from && Links[i].To == to) return Links[i].Link;
        return DefaultLink;
    }

    private void Digest(TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> payload)
    {
        Mix((ulong)Now.Ticks);
        Mix((uint)source.GetHashCode());
        Mix((uint)destination.GetHashCode());
        for (; payload.Length >= sizeof(ulong); payload = payload[sizeof(ulong)..]) Mix(BinaryPrimitives.ReadUInt64LittleEndian(payload));
        foreach (byte last in payload) Mix(last);
    }

    private void Mix(ulong value) => _digest = BitOperations.RotateLeft((_digest ^ value) * 0x9E37_79B9_7F4A_7C15, 29);

    /// <summary>One end of a TCP connection.</summary>
    private sealed record Connection(bool IsActive)
    {
        public Instant LastArrival { get; set; }
    }
}

/// <summary>A datagram on its way, as it looks behind the sender's NATs and before the receiver's.</summary>
internal sealed record Packet(Endpoint From, TransportAddress Source, TransportAddress Destination, byte[] Payload)
{
    /// <summary>Where it leaves the realm in which it was routed: an endpoint or a box.</summary>
    internal required object Site { get; init; }

    /// <summary>TCP, from the side that was dialled.</summary>
    internal bool IsAnswer { get; init; }

    internal bool OpensConnection { get; set; }
}
