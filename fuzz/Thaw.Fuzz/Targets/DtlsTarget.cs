using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Fuzz.Targets;

/// <summary>A server and a client hear a stranger's flights: they may fail, say so once, and must come to rest.</summary>
internal static class DtlsTarget
{
    private static readonly BouncyCastleDtls Host = new();

    public static void Run(ReadOnlySpan<byte> input)
    {
        Hear(DtlsRole.Server, input);
        if (!input.IsEmpty && (input[^1] & 0xF) == 0) Hear(DtlsRole.Client, input); // its first flight is dear
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

        return [new("client-hello", Conversation.Of(fromClient[0])), new("client", Conversation.Of(fromClient)), new("server", Conversation.Of(fromServer))];
    }

    private static void Hear(DtlsRole role, ReadOnlySpan<byte> input)
    {
        var now = new Instant(0);
        using var engine = Host.Create(new(role, Host.LocalFingerprint, new FixedRandom()));
        engine.Start(now);
        Drain.Run(engine.Poll, now);

        foreach (var datagram in new Conversation(input))
        {
            engine.Receive(datagram, now);
            Drain.Run(engine.Poll, now);
        }

        now += TimeSpan.FromSeconds(30); // past every deadline
        engine.Advance(now);
        if (Drain.Run(engine.Poll, now) != Instant.Never) throw new InvalidOperationException("Still waiting after the last deadline.");
    }
}
