using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// A live handshake in which the peer of a server or a client, as the first byte has it, sends what the input says in
/// place of its own messages. A recording would not do: it dies at the first signature over fresh random numbers.
/// </summary>
internal static class DtlsHandshakeTarget
{
    private const int AtOnce = 64; // threads of tests that fuzz side by side; a leak soon has more

    private static readonly BouncyCastleDtls Host = new();

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (!input.IsEmpty) Play(input);
    }

    /// <summary>Runs it, and says how it ended for the victim: why it failed, or "connected".</summary>
    internal static string Play(ReadOnlySpan<byte> input)
    {
        var forgery = new Forgery(input[1..]);
        bool isUntouched = forgery.IsEmpty;
        var victim = new Side((DtlsRole)(input[0] & 1), forgery.Fingerprint ?? Host.LocalFingerprint, seed: 1);
        var peer = new Side(victim.Role ^ DtlsRole.Server, Host.LocalFingerprint, seed: 2);
        using var first = victim.Engine;
        using var second = peer.Engine;

        var now = new Instant(0);
        victim.Engine.Start(now);
        peer.Engine.Start(now);
        for (int turn = 0; turn < 8; turn++)
        {
            if (turn == 5) // something is lost: the last flights again
            {
                now += TimeSpan.FromMilliseconds(60);
                victim.Engine.Advance(now);
                peer.Engine.Advance(now);
            }

            foreach (byte[] datagram in peer.Drain(now)) victim.Engine.Receive(forgery.Forge(datagram), now);
            foreach (byte[] datagram in victim.Drain(now)) peer.Engine.Receive(datagram, now);
        }

        if (isUntouched && !(victim.IsConnected && peer.IsConnected)) throw new InvalidOperationException("An honest handshake failed.");

        now += TimeSpan.FromSeconds(30); // past every deadline
        victim.Engine.Advance(now);
        victim.Drain(now);
        if (victim.WakeAt != Instant.Never || victim.Ends != 1)
            throw new InvalidOperationException($"After the last deadline: {victim.Ends} outcomes, next wake-up {victim.WakeAt}.");
        if (Host.HandshakesInFlight > AtOnce) throw new InvalidOperationException("A handshake that is over holds a thread.");
        return victim.Outcome;
    }

    public static IEnumerable<Seed> Seeds()
    {
        const byte ClientHello = 1, HelloVerifyRequest = 3, ServerHello = 2, CertificateRequest = 13, HelloRequest = 0;
        var fromClient = Messages(DtlsRole.Client);
        var fromServer = Messages(DtlsRole.Server);

        foreach (var (victim, honest) in new[] { (DtlsRole.Server, fromClient), (DtlsRole.Client, fromServer) })
        {
            string from = victim is DtlsRole.Server ? "client" : "server";
            yield return Of($"{from}-honest", victim);
            foreach (var (type, body) in honest) yield return Of($"{from}-message-{type}", victim, [type, Forgery.Replace, .. body]);
            foreach (var (type, body) in honest.Take(2)) yield return Of($"{from}-message-{type}-in-pieces", victim, [type, Forgery.Shatter | 40 << 2, .. body]);
        }

        yield return Of("server-hello-verify", DtlsRole.Client, [ServerHello, Forgery.Precede, .. fromServer[0].Body], [HelloVerifyRequest, Forgery.Replace, 0xFE, 0xFD, 2, 1, 2]);
        yield return Of("server-certificate-twice", DtlsRole.Client, [fromServer[1].Type, Forgery.Precede, .. fromServer[1].Body], [CertificateRequest, Forgery.Replace, 1, 64, 0, 2, 4, 3, 0, 0]);
        yield return Of("client-hello-then-request", DtlsRole.Server, [ClientHello, Forgery.Precede, .. fromClient[0].Body], [HelloRequest, Forgery.Precede]);
        yield return Of("client-alert", DtlsRole.Server, [Forgery.WholeRecord | 1, 0, 1, 90], [Forgery.WholeRecord | 1, 0, 2, 40]);
        yield return Of("server-change-cipher", DtlsRole.Client, [Forgery.WholeRecord, 0, 1], [Forgery.WholeRecord | 3, 0, 1, 2, 3]);

        static Seed Of(string name, DtlsRole victim, params byte[][] entries) => new(name, [(byte)victim, .. Conversation.Of(entries)]);
    }

    /// <summary>What an honest side says in the clear, each message once.</summary>
    private static List<(byte Type, byte[] Body)> Messages(DtlsRole role)
    {
        var now = new Instant(0);
        var client = new Side(DtlsRole.Client, Host.LocalFingerprint, seed: 1);
        var server = new Side(DtlsRole.Server, Host.LocalFingerprint, seed: 2);
        using var first = client.Engine;
        using var second = server.Engine;
        server.Engine.Start(now);
        client.Engine.Start(now);

        List<byte[]> sent = [];
        for (int turn = 0; turn < 3; turn++)
        {
            foreach (byte[] datagram in client.Drain(now))
            {
                if (role is DtlsRole.Client) sent.Add(datagram);
                server.Engine.Receive(datagram, now);
            }

            foreach (byte[] datagram in server.Drain(now))
            {
                if (role is DtlsRole.Server) sent.Add(datagram);
                client.Engine.Receive(datagram, now);
            }
        }

        List<(byte, byte[])> messages = [];
        foreach (byte[] datagram in sent)
            for (int at = 0; at + 25 <= datagram.Length;)
            {
                int length = datagram[at + 11] << 8 | datagram[at + 12];
                if (datagram[at] == 22 && datagram[at + 4] == 0) messages.Add((datagram[at + 13], datagram[(at + 25)..(at + 13 + length)]));
                at += 13 + length;
            }

        return messages;
    }

    private sealed class Side(DtlsRole role, CertificateFingerprint expects, int seed)
    {
        public DtlsRole Role { get; } = role;
        public IDtlsEngine Engine { get; } = Host.Create(new(role, expects, new FixedRandom(seed)));
        public Instant WakeAt { get; private set; }
        public bool IsConnected => Outcome == "connected";
        public string Outcome { get; private set; } = "";

        /// <summary>How often it said how the handshake ended: must be once.</summary>
        public int Ends { get; private set; }

        public List<byte[]> Drain(Instant now)
        {
            List<byte[]> sent = [];
            WakeAt = Fuzz.Drain.Run(Engine.Poll, now, datagram => sent.Add(datagram.ToArray()), happened =>
            {
                if (happened is DtlsEvent.Closed || IsConnected) return; // what ends an association ended no handshake
                Ends++;
                Outcome = happened is DtlsEvent.Failed failed ? $"{failed.Reason}: {failed.Detail}" : "connected";
            });
            return sent;
        }
    }
}
