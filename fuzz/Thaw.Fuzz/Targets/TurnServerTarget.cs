using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// A server hears each datagram as it is, once more signed by a user with a fresh nonce over UDP, over a stream and from
/// where a mobile client went, and once as a peer's. Peers connect to what listens, and dials succeed. It opens no port that
/// it does not own, never more than its quota, and no connection outlives its allocation.
/// </summary>
internal static class TurnServerTarget
{
    private const int Quota = 4, Connections = 3;

    private static readonly TransportAddress Listener = new(IPAddress.Parse("198.51.100.1"), 3478);
    private static readonly TransportAddress Client = new(IPAddress.Parse("192.0.2.7"), 5000);
    private static readonly TransportAddress Moved = new(IPAddress.Parse("192.0.2.8"), 5001);
    private static readonly TransportAddress Peer = new(IPAddress.Parse("203.0.113.5"), 7000);
    private static readonly BehaviourAddresses Behaviour = new(Listener, new(IPAddress.Parse("198.51.100.2"), 3479));
    private static readonly byte[] Key = LongTermKey.Derive(PasswordAlgorithm.Md5, "alice", "thaw", "secret");

    private static readonly TurnServerOptions Options = new()
    {
        Users = [new TurnUser("alice", "secret")],
        SharedSecrets = ["north"],
        OAuthKeys = [OAuthKey.TryCreate("kid", new byte[32], null, out var key) ? key! : throw new InvalidOperationException()],
        MaxRate = 1000,
        TotalRate = 2000,
        RelayAddresses = [new RelayAddress(Listener), new RelayAddress(new TransportAddress(IPAddress.Parse("2001:db8::1"), 0))],
        TotalQuota = Quota,
        RelaysTcp = true,
        IsMobile = true,
        MaxConnections = Connections,
        Policy = PeerPolicy.Public.With([AddressPrefix.Parse("203.0.113.0/24")], []),
    };

    public static void Run(ReadOnlySpan<byte> input)
    {
        var now = new Instant(0);
        var ports = new Ports();
        var server = new TurnServer(Options, ports, new FixedRandom(), DateTimeOffset.UnixEpoch.AddYears(56), now) { Behaviour = [Behaviour] };
        var nonces = new Dictionary<TransportAddress, byte[]>();
        var open = new HashSet<RelayedConnection>();
        byte[] mobile = [], connectionId = [];

        Hear(Client, Listener, Allocate());
        foreach (var datagram in new Conversation(input))
        {
            Hear(Client, Listener, datagram);
            Hear(Client, Behaviour.Alternate, datagram);
            foreach (var client in (ReadOnlySpan<TransportAddress>)[Client, Client.Over(TransportProtocol.Tcp), Moved])
                Hear(client, Listener.Over(client.Protocol), Signed(datagram, nonces.GetValueOrDefault(client, []), mobile, connectionId));
            foreach (var relayed in ports.Opened.ToArray())
            {
                if (relayed.Protocol is TransportProtocol.Udp) Hear(Peer, relayed, datagram);
                else if (server.Accept(server.FindRelayed(relayed)!, Peer, now) is { } accepted) open.Add(accepted);
                Poll();
            }

            if (ports.Opened.Count > Quota) throw new InvalidOperationException("More ports than the quota.");
            if (open.Count != server.ConnectionCount || open.Count > Quota * Connections) throw new InvalidOperationException("More connections than the limit, or forgotten ones.");
            now += TimeSpan.FromSeconds(20);
            server.Advance(now);
            Poll();
        }

        server.Close(now);
        Poll();
        if (ports.Opened.Count > 0) throw new InvalidOperationException("A port outlived the server.");
        if (open.Count > 0) throw new InvalidOperationException("A connection outlived its allocation.");

        void Hear(TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> bytes)
        {
            server.Receive(new Datagram(source, destination, bytes), now);
            Poll(source);
        }

        void Poll(TransportAddress asking = default) => Drain.Run(server.Poll, now, sent =>
        {
            if (StunReader.TryRead(sent, out var message) is not null) return;
            if (message.TryFind(StunAttributeType.Nonce, out var fresh)) nonces[asking] = fresh.Value.ToArray();
            if (message.TryFind(StunAttributeType.MobilityTicket, out var issued)) mobile = issued.Value.ToArray();
            if (message.TryFind(StunAttributeType.ConnectionId, out var named)) connectionId = named.Value.ToArray();
        }, happened =>
        {
            if (happened is TurnServerEvent.Close close && !open.Remove(close.Connection)) throw new InvalidOperationException("Closed twice.");
            if (happened is not TurnServerEvent.Dial dial) return;
            open.Add(dial.Connection);
            server.Dialled(dial.Connection, isConnected: true, now);
        });
    }

    public static IEnumerable<Seed> Seeds()
    {
        byte[] permit = Write(StunMethod.CreatePermission, StunClass.Request, (ref StunWriter w) => w.AddXorAddress(StunAttributeType.XorPeerAddress, Peer));
        byte[] bind = Write(StunMethod.ChannelBind, StunClass.Request, (ref StunWriter w) =>
        {
            w.Add(StunAttributeType.ChannelNumber, 0x4000u << 16);
            w.AddXorAddress(StunAttributeType.XorPeerAddress, Peer);
        });
        byte[] send = Write(StunMethod.Send, StunClass.Indication, (ref StunWriter w) =>
        {
            w.AddXorAddress(StunAttributeType.XorPeerAddress, Peer);
            w.Add(StunAttributeType.DontFragment);
            w.Add(StunAttributeType.Data, "data"u8);
        });
        byte[] refresh = Write(StunMethod.Refresh, StunClass.Request, (ref StunWriter w) => w.Add(StunAttributeType.Lifetime, 900u));
        byte[] dual = Write(StunMethod.Allocate, StunClass.Request, (ref StunWriter w) =>
        {
            w.Add(StunAttributeType.RequestedTransport, 17u << 24);
            w.Add(StunAttributeType.AdditionalAddressFamily, 2u << 24);
            w.Add(StunAttributeType.DontFragment);
        });
        byte[] pair = Write(StunMethod.Allocate, StunClass.Request, (ref StunWriter w) =>
        {
            w.Add(StunAttributeType.RequestedTransport, 17u << 24);
            w.Add(StunAttributeType.EvenPort, [0x80]);
            w.Add(StunAttributeType.Lifetime, 900u);
        });
        byte[] connect = Write(StunMethod.Connect, StunClass.Request, (ref StunWriter w) => w.AddXorAddress(StunAttributeType.XorPeerAddress, Peer));
        byte[] bindConnection = Write(StunMethod.ConnectionBind, StunClass.Request, (ref StunWriter w) => w.Add(StunAttributeType.ConnectionId, 0u));
        byte[] mobile = Write(StunMethod.Allocate, StunClass.Request, (ref StunWriter w) =>
        {
            w.Add(StunAttributeType.RequestedTransport, 17u << 24);
            w.Add(StunAttributeType.MobilityTicket);
        });
        byte[] move = Write(StunMethod.Refresh, StunClass.Request, (ref StunWriter w) => w.Add(StunAttributeType.MobilityTicket, new byte[16]));
        byte[] onChannel = [0x40, 0, 0, 4, 1, 2, 3, 4];

        byte[] behaviour = Write(StunMethod.Binding, StunClass.Request, (ref StunWriter w) =>
        {
            w.Add(StunAttributeType.ChangeRequest, 6u);
            w.Add(StunAttributeType.Padding, new byte[200]);
        });
        byte[] elsewhere = Write(StunMethod.Binding, StunClass.Request, (ref StunWriter w) => w.Add(StunAttributeType.ResponsePort, 5001u << 16));
        byte[] classic = [0, 1, 0, 8, .. new byte[16], 0, 3, 0, 4, 0, 0, 0, 2];

        return
        [
            new("behaviour", Conversation.Of(behaviour, elsewhere, classic)),
            new("session", Conversation.Of(Allocate(), permit, bind, send, onChannel, refresh)),
            new("dual", Conversation.Of(dual, permit, send)),
            new("tcp", Conversation.Of(AllocateTcp(), permit, connect, bindConnection, refresh)),
            new("mobile", Conversation.Of(mobile, permit, move, send, move, refresh)),
            new("pair", Conversation.Of(pair, bind, onChannel, StunTarget.Check(controlling: true))),
        ];
    }

    private static byte[] Allocate()
        => Write(StunMethod.Allocate, StunClass.Request, (ref StunWriter w) => w.Add(StunAttributeType.RequestedTransport, 17u << 24));

    private static byte[] AllocateTcp()
        => Write(StunMethod.Allocate, StunClass.Request, (ref StunWriter w) => w.Add(StunAttributeType.RequestedTransport, 6u << 24));

    private delegate void Fill(ref StunWriter writer);

    private static byte[] Write(StunMethod method, StunClass @class, Fill fill)
    {
        var writer = new StunWriter(new byte[512], method, @class, new TransactionId(1, (uint)method));
        fill(ref writer);
        return writer.Finish().ToArray();
    }

    private static ReadOnlySpan<byte> Signed(ReadOnlySpan<byte> datagram, byte[] nonce, byte[] ticket, byte[] connectionId)
    {
        if (StunReader.TryRead(datagram, out var message) is not null) return datagram;

        var writer = new StunWriter(new byte[2 * Output.BufferLength], message.Method, message.Class, message.Transaction);
        foreach (var attribute in message)
        {
            if (attribute.Type is StunAttributeType.MessageIntegrity or StunAttributeType.MessageIntegritySha256 or StunAttributeType.Fingerprint
                or StunAttributeType.Username or StunAttributeType.Realm or StunAttributeType.Nonce) continue;

            // What a guess would never hit is put in its place.
            bool isTicket = attribute.Type is StunAttributeType.MobilityTicket && attribute.Value.Length == ticket.Length;
            bool isConnection = attribute.Type is StunAttributeType.ConnectionId && attribute.Value.Length == connectionId.Length;
            writer.Add(attribute.Type, isTicket ? ticket : isConnection ? connectionId : attribute.Value);
        }

        writer.Add(StunAttributeType.Username, "alice"u8);
        writer.Add(StunAttributeType.Realm, "thaw"u8);
        writer.Add(StunAttributeType.Nonce, nonce);
        writer.AddIntegrity(Key);
        return writer.Finish();
    }

    private sealed class Ports : IRelayPorts
    {
        public HashSet<TransportAddress> Opened { get; } = [];

        public bool TryOpen(RelayedTransportAddress relayed) => Opened.Add(relayed.Local) ? true : throw new InvalidOperationException("Opened twice.");

        public void Close(RelayedTransportAddress relayed)
        {
            if (!Opened.Remove(relayed.Local)) throw new InvalidOperationException("Closed twice.");
        }

        public bool IsOpen(TransportAddress relayed) => Opened.Contains(relayed);
    }
}
