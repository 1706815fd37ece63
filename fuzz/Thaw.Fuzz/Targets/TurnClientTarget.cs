using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// A TURN client hears each datagram as it is, and once more as an answer to what it asked last. Between them it sends to a
/// peer, so that permission and channel come up. Whatever it sends is STUN or ChannelData.
/// </summary>
internal static class TurnClientTarget
{
    private static readonly TurnCredential Credential = new("user", "pass");
    private static readonly TransportAddress Local = new(IPAddress.Parse("192.0.2.1"), 4000);
    private static readonly TransportAddress Server = new(IPAddress.Parse("192.0.2.2"), 3478);
    private static readonly TransportAddress Peer = new(IPAddress.Parse("192.0.2.3"), 5000);

    public static void Run(ReadOnlySpan<byte> input) => Play(input);

    /// <returns>How many packets of the peer were delivered.</returns>
    internal static int Play(ReadOnlySpan<byte> input)
    {
        var now = new Instant(0);
        byte[] request = [];
        int delivered = 0;
        var client = new TurnClient(new TurnClientOptions(MaxPermissions: 2), Local, Server, Credential, new FixedRandom(), now);
        Poll();

        foreach (var datagram in new Conversation(input))
        {
            client.Receive(new Datagram(Server, Local, datagram), now);
            Poll();
            client.Receive(new Datagram(Server, Local, Mend.TurnAnswer(datagram, request, Credential.Username, Credential.Password)), now);
            Poll();
            client.Send(Peer, "hello"u8, now);
            Poll();
            now += TimeSpan.FromMilliseconds(100);
            client.Advance(now);
            Poll();
        }

        client.Close(now);
        Poll();
        client.Advance(now + TimeSpan.FromSeconds(6));
        Poll();
        return client.State is TurnClientState.Ended ? delivered : throw new InvalidOperationException("It does not end.");

        void Poll() => Drain.Run(Counted, now, sent =>
        {
            if (ChannelData.TryRead(sent, out _, out var data) is null && data.SequenceEqual("hello"u8)) return;
            if (StunReader.TryRead(sent, out var message) is { } reason) throw new InvalidOperationException($"Sent what is no STUN: {reason}.");
            if (message.Class is StunClass.Request) request = sent.ToArray();
        });

        Output Counted(Span<byte> buffer, Instant at)
        {
            var output = client.Poll(buffer, at);
            if (output.Kind is OutputKind.Delivery) delivered++;
            return output;
        }
    }

    public static IEnumerable<Seed> Seeds() =>
    [
        new("relayed", Conversation.Of(Challenge(), Allocated(), Success(), Data(), Success(), Channel())),
        new("relayed-sha256", Conversation.Of(Challenge(sha256: true), Allocated(), Success(), Data(), Success(), Channel())),
        new("stale", Conversation.Of(Challenge(), Challenge(438), Challenge(438), Allocated(), Challenge(438), Error(403))),
        new("mismatch", Conversation.Of(Challenge(), Error(437), Success(), Allocated(), Error(437))),
        new("redirect", Conversation.Of(Challenge(), Redirect())),
        new("second-family", Conversation.Of(Challenge(), Error(440), Allocated(), Icmp(), Data())),
    ];

    private static StunWriter Begin(StunClass @class, StunMethod method = StunMethod.Allocate)
        => new(new byte[300], method, @class, new TransactionId(1, 2));

    private static byte[] Challenge(int code = 401, bool sha256 = false)
    {
        var writer = Begin(StunClass.ErrorResponse);
        writer.AddError(code, "Unauthenticated"u8);
        writer.Add(StunAttributeType.Realm, "example.org"u8);
        writer.Add(StunAttributeType.Nonce, sha256 ? "obMatJos2gAAAnonce"u8 : "nonce"u8);
        if (sha256) writer.Add(StunAttributeType.PasswordAlgorithms, [0, 2, 0, 0, 0, 1, 0, 0]);
        return writer.Finish().ToArray();
    }

    private static byte[] Allocated()
    {
        var writer = Begin(StunClass.SuccessResponse);
        writer.AddXorAddress(StunAttributeType.XorRelayedAddress, Server.WithPort(50_000));
        writer.AddXorAddress(StunAttributeType.XorMappedAddress, Local);
        writer.Add(StunAttributeType.Lifetime, 600U);
        writer.Add(StunAttributeType.AddressErrorCode, 0x02000428U);
        return writer.Finish().ToArray();
    }

    private static byte[] Success() => Begin(StunClass.SuccessResponse).Finish().ToArray();

    private static byte[] Error(int code)
    {
        var writer = Begin(StunClass.ErrorResponse);
        writer.AddError(code, "No"u8);
        return writer.Finish().ToArray();
    }

    private static byte[] Redirect()
    {
        var writer = Begin(StunClass.ErrorResponse);
        writer.AddError(300, ""u8);
        writer.AddAddress(StunAttributeType.AlternateServer, Peer);
        return writer.Finish().ToArray();
    }

    private static byte[] Data()
    {
        var writer = Begin(StunClass.Indication, StunMethod.Data);
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, Peer);
        writer.Add(StunAttributeType.Data, "hello"u8);
        return writer.Finish().ToArray();
    }

    private static byte[] Icmp()
    {
        var writer = Begin(StunClass.Indication, StunMethod.Data);
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, Peer);
        writer.Add(StunAttributeType.Icmp, 0x0000_0603_0000_0000UL);
        return writer.Finish().ToArray();
    }

    private static byte[] Channel() => [0x40, 0, 0, 5, .. "hello"u8];
}
