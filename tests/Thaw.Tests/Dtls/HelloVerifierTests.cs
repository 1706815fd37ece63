using Thaw.Dtls;
using Thaw.Fuzz.Targets;
using Thaw.Protocol;
using Thaw.Tests.World;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Dtls;

/// <summary>The cookie exchange of a DTLS server that strangers reach (RFC 6347 §4.2.1).</summary>
public sealed class HelloVerifierTests : IDisposable
{
    private static readonly TransportAddress Client = At("192.0.2.7", 5000), Server = At("198.51.100.1", 5349);

    private readonly HelloVerifier _verifier = new(new SeededRandom(1), new Instant(0));

    public void Dispose() => _verifier.Dispose();

    [Fact]
    public void A_first_hello_is_answered_with_a_cookie_and_the_second_brings_it_back()
    {
        byte[] cookie = Cookie(HelloTarget.Hello([]), Client, Server, 0);
        Assert.Equal(32, cookie.Length);
        Assert.True(Passes(HelloTarget.Hello(cookie), Client, Server, 1));
    }

    [Fact]
    public void A_cookie_is_of_no_use_to_another_address_port_listener_or_hello()
    {
        byte[] cookie = Cookie(HelloTarget.Hello([]), Client, Server, 0);
        byte[] second = HelloTarget.Hello(cookie);
        Assert.False(Passes(second, At("192.0.2.8", 5000), Server, 0));
        Assert.False(Passes(second, Client.WithPort(5001), Server, 0));
        Assert.False(Passes(second, Client, Server.WithPort(5350), 0));
        Assert.False(Passes(HelloTarget.Hello(cookie, random: 8), Client, Server, 0));
        Assert.True(Passes(second, Client, Server, 0));
    }

    [Theory]
    [InlineData(0, 59, true)]
    [InlineData(0, 61, true)]   // the key before is good for one more minute
    [InlineData(59, 119, true)]
    [InlineData(59, 121, false)]
    [InlineData(0, 600, false)] // nobody asked for ten minutes: the key before is older than that
    public void A_cookie_lives_one_to_two_minutes(int made, int used, bool passes)
    {
        byte[] cookie = Cookie(HelloTarget.Hello([]), Client, Server, made);
        if (used < 600) Verify(HelloTarget.Hello([]), Client, Server, made + 60, out _); // somebody else
        Assert.Equal(passes, Passes(HelloTarget.Hello(cookie), Client, Server, used));
    }

    [Fact]
    public void An_answer_is_no_longer_than_the_shortest_hello()
    {
        byte[] hello = HelloTarget.Hello([], bare: true);
        Verify(hello, Client, Server, 0, out var answer);
        Assert.InRange(answer.Length, 1, hello.Length);
    }

    [Fact]
    public void A_hello_that_is_cut_anywhere_or_continues_is_none()
    {
        byte[] hello = HelloTarget.Hello([]);
        for (int length = 0; length < hello.Length; length++) Assert.False(HelloVerifier.IsClientHello(hello.AsSpan(0, length)));
        Assert.False(HelloVerifier.IsClientHello([.. hello, 0]));
        Assert.True(HelloVerifier.IsClientHello(hello));
    }

    [Theory]
    [InlineData(0, 23)]   // application data
    [InlineData(1, 3)]    // TLS
    [InlineData(4, 1)]    // encrypted
    [InlineData(13, 2)]   // a ServerHello
    [InlineData(21, 1)]   // a later fragment
    [InlineData(24, 10)]  // the first fragment of several
    [InlineData(25, 3)]   // not DTLS
    [InlineData(59, 33)]  // a session id that is too long
    [InlineData(60, 255)] // a cookie that goes beyond the end
    [InlineData(62, 3)]   // cipher suites have two bytes each
    public void Whatever_else_it_says_it_is_none(int at, byte value)
    {
        byte[] hello = HelloTarget.Hello([]);
        hello[at] = value;
        Assert.False(HelloVerifier.IsClientHello(hello));
    }

    private byte[] Cookie(byte[] hello, TransportAddress client, TransportAddress server, int second)
    {
        Assert.Null(Verify(hello, client, server, second, out var answer));
        Assert.False(answer.IsEmpty);
        return answer[^32..].ToArray();
    }

    private bool Passes(byte[] hello, TransportAddress client, TransportAddress server, int second) => Verify(hello, client, server, second, out _) is not null;

    private VerifiedHello? Verify(byte[] hello, TransportAddress client, TransportAddress server, int second, out ReadOnlySpan<byte> answer)
        => _verifier.Verify(hello, client, server, new Instant(0) + TimeSpan.FromSeconds(second), out answer);
}
