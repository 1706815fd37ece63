using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// A server or a client, as the first byte has it, hears a stranger's flights: it may fail, and must come to rest.
/// </summary>
internal static class DtlsTarget
{
    private static readonly BouncyCastleDtls Host = new();

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty) return;

        var now = new Instant(0);
        using var engine = Host.Create(new((DtlsRole)(input[0] & 1), Host.LocalFingerprint, new FixedRandom()));
        engine.Start(now);
        Drain.Run(engine.Poll, now);

        foreach (var datagram in new Conversation(input[1..]))
        {
            engine.Receive(datagram, now);
            Drain.Run(engine.Poll, now);
        }

        now += TimeSpan.FromSeconds(30); // past every deadline
        engine.Advance(now);
        if (Drain.Run(engine.Poll, now) != Instant.Never) throw new InvalidOperationException("Still waiting after the last deadline.");
    }

    public static IEnumerable<Seed> Seeds()
    {
        var now = new Instant(0);
        List<byte[]> fromClient = [], fromServer = [];
        using var client = Host.Create(new(DtlsRole.Client, Host.LocalFingerprint, new FixedRandom()));
        using var server = Host.Create(new(DtlsRole.Server, Host.LocalFingerprint, new FixedRandom()));
        server.Start(now);
        client.Start(now);

        for (int turn = 0; turn < 4; turn++)
        {
            Drain.Run(client.Poll, now, sent => fromClient.Add(sent.ToArray()));
            foreach (byte[] datagram in fromClient.Skip(turn == 0 ? 0 : 1)) server.Receive(datagram, now);
            Drain.Run(server.Poll, now, sent => fromServer.Add(sent.ToArray()));
            foreach (byte[] datagram in fromServer) client.Receive(datagram, now);
        }

        return
        [
            new("client-hello", [(byte)DtlsRole.Server, .. Conversation.Of(fromClient[0])]),
            new("client", [(byte)DtlsRole.Server, .. Conversation.Of(fromClient)]),
            new("server", [(byte)DtlsRole.Client, .. Conversation.Of(fromServer)]),
        ];
    }
}
