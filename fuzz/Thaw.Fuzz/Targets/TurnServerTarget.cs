using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// A server hears each datagram as it is, once more signed by a user with a fresh nonce, and once as a peer's. It opens
/// no port that it does not own and never more than its quota.
/// </summary>
internal static class TurnServerTarget
{
    private const int Quota = 4;

    private static readonly TransportAddress Listener = new(IPAddress.Parse("198.51.100.1"), 3478);
    private static readonly TransportAddress Client = new(IPAddress.Parse("192.0.2.7"), 5000);
    private static readonly TransportAddress Peer = new(IPAddress.Parse("203.0.113.5"), 7000);
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
        Policy = PeerPolicy.Public.With([AddressPrefix.Parse("203.0.113.0/24")], []),
    };

    public static void Run(ReadOnlySpan<byte> input)
    {
        var now = new Instant(0);
        var ports = new Ports();
        var server = new TurnServer(Options, ports, new FixedRandom(), DateTimeOffset.UnixEpoch.AddYears(56), now);
        byte[] nonce = [];

        Hear(Client, Listener, Allocate());
        foreach (var datagram in new Conversation(input))
        {
            Hear(Client, Listener, datagram);
            Hear(Client, Listener, Signed(datagram, nonce));
            foreach (var relayed in ports.Opened.ToArray()) Hear(Peer, relayed, datagram);
            if (ports.Opened.Count > Quota) throw new InvalidOperationException("More ports than the quota.");
            now += TimeSpan.FromSeconds(20);
            server.Advance(now);
            Poll();
        }

        server.Close(now);
        Poll();
        if (ports.Opened.Count > 0) throw new InvalidOperationException("A port outlived the server.");

        void Hear(TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> bytes)
        {
            server.Receive(new Datagram(source, destination, bytes), now);
            Poll();
        }

        void Poll() => Drain.Run(server.Poll, now, sent =>
        {
            if (StunReader.TryRead(sent, out var message) is null && message.TryFind(StunAttributeType.Nonce, out var fresh)) nonce = fresh.Value.ToArray();
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
        byte[] onChannel = [0x40, 0, 0, 4, 1, 2, 3, 4];

        return
        [
            new("session", Conversation.Of(Allocate(), permit, bind, send, onChannel, refresh)),
            new("dual", Conversation.Of(dual, permit, send)),
            new("pair", Conversation.Of(pair, bind, onChannel, StunTarget.Check(controlling: true))),
        ];
    }

    private static byte[] Allocate()
        => Write(StunMethod.Allocate, StunClass.Request, (ref StunWriter w) => w.Add(StunAttributeType.RequestedTransport, 17u << 24));

    private delegate void Fill(ref StunWriter writer);

    private static byte[] Write(StunMethod method, StunClass @class, Fill fill)
    {
        var writer = new StunWriter(new byte[512], method, @class, new TransactionId(1, (uint)method));
        fill(ref writer);
        return writer.Finish().ToArray();
    }

    private static ReadOnlySpan<byte> Signed(ReadOnlySpan<byte> datagram, byte[] nonce)
    {
        if (StunReader.TryRead(datagram, out var message) is not null) return datagram;

        var writer = new StunWriter(new byte[2 * Output.BufferLength], message.Method, message.Class, message.Transaction);
        foreach (var attribute in message)
        {
            if (attribute.Type is StunAttributeType.MessageIntegrity or StunAttributeType.MessageIntegritySha256 or StunAttributeType.Fingerprint
                or StunAttributeType.Username or StunAttributeType.Realm or StunAttributeType.Nonce) continue;
            writer.Add(attribute.Type, attribute.Value);
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
