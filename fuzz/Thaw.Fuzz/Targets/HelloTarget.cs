using System.Net;
using Thaw.Dtls;
using Thaw.Protocol;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// A server before the cookie hears anything: what it answers is no longer than what it heard, and nothing that it did not
/// hand out itself is let through.
/// </summary>
internal static class HelloTarget
{
    private static readonly TransportAddress Client = new(IPAddress.Parse("192.0.2.7"), 5000);
    private static readonly TransportAddress Server = new(IPAddress.Parse("198.51.100.1"), 5349);

    // The one that the seeds have: the key is the same in every run.
    private static readonly byte[] KnownCookie = CookieFor(Hello([]));

    public static void Run(ReadOnlySpan<byte> input)
    {
        var now = new Instant(0);
        using var verifier = new HelloVerifier(new FixedRandom(), now);
        byte[] cookie = KnownCookie;
        foreach (var datagram in new Conversation(input))
        {
            bool had = datagram.IndexOf(cookie) >= 0 || datagram.IndexOf(KnownCookie) >= 0;
            if (verifier.Verify(datagram, Client, Server, now, out var answer) is not null && !had)
                throw new InvalidOperationException("A hello passed that cannot have had a cookie.");
            if (answer.Length > datagram.Length) throw new InvalidOperationException("The answer is longer than the hello.");
            if (!answer.IsEmpty) cookie = answer[^32..].ToArray();
            now += TimeSpan.FromSeconds(7);
        }
    }

    public static IEnumerable<Seed> Seeds()
    {
        byte[] first = Hello([]), second = Hello(KnownCookie);
        return [new("exchange", Conversation.Of(first, second, first, second)), new("first", Conversation.Of(first)), new("bare", Conversation.Of(Hello([], bare: true)))];
    }

    private static byte[] CookieFor(byte[] hello)
    {
        using var verifier = new HelloVerifier(new FixedRandom(), new Instant(0));
        verifier.Verify(hello, Client, Server, new Instant(0), out var answer);
        return answer[^32..].ToArray();
    }

    internal static byte[] Hello(ReadOnlySpan<byte> cookie, bool bare = false, byte random = 7)
    {
        byte[] extensions = bare ? [] : [0, 20, 0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 8, 0, 6, 4, 3, 4, 1, 5, 3];
        byte[] body =
        [
            0xFE, 0xFD, .. Enumerable.Repeat(random, 32), 0, (byte)cookie.Length, .. cookie, 0, 4, 0xC0, 0x2B, 0xC0, 0x2F, 1, 0, .. extensions,
        ];
        byte[] message = [1, 0, 0, (byte)body.Length, 0, (byte)(cookie.IsEmpty ? 0 : 1), 0, 0, 0, 0, 0, (byte)body.Length, .. body];
        return [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, (byte)(cookie.IsEmpty ? 0 : 1), 0, (byte)message.Length, .. message];
    }
}
