using System.Net;
using System.Net.Sockets;
using System.Text;
using Thaw.IceServers;
using Thaw.IceServers.Sources;
using Xunit;

namespace Thaw.Tests.IceServers;

/// <summary>What a provider can do to us, and what we say of it.</summary>
public sealed class ProviderFailureTests
{
    private const string Secret = "s3cret-of-ours";
    private const string Source = $"http:url=https://a.example/ice,token={Secret}";

    private readonly FakeProvider _provider = new();

    [Theory]
    [InlineData(301, "", "it redirects elsewhere (301), which is not followed")]
    [InlineData(403, "", "the key is refused (403)")]
    [InlineData(404, "", "the account, key or channel is not known there (404)")]
    [InlineData(418, """{"detail":"A Teapot."}""", "the request is refused (418): A Teapot")]
    [InlineData(429, "", "asked too often (429)")]
    [InlineData(500, """{"error":"secret inside"}""", "it fails itself (500)")]
    [InlineData(200, "<html>", "the answer is not JSON")]
    [InlineData(200, "", "the answer is not JSON")]
    [InlineData(200, "{}", "the answer has no ICE servers in it")]
    [InlineData(200, "[]", "the answer has no ICE servers in it")]
    [InlineData(200, "null", "the answer has no ICE servers in it")]
    [InlineData(200, """{"urls":"turn:\ud800"}""", "the answer has no ICE servers in it")]
    [InlineData(500, """{"error":"\ud800"}""", "it fails itself (500)")]
    [InlineData(400, """{"error":"\ud800"}""", "the request is refused (400)")]
    [InlineData(200, """{"iceServers":null}""", "the answer has no ICE servers in it")]
    public async Task A_bad_answer_is_named(int status, string body, string said)
        => Assert.Equal(said, (await _provider.Answers(body, status).FailsAsync(Source)).Message);

    [Theory]
    [InlineData("""{"error":"your key s3cret-of-ours-and-then-some-more is wrong"}""")]
    [InlineData("""{"error":"<script>"}""")]
    [InlineData("""{"error":"line\nbreak"}""")]
    [InlineData("""{"error":"visit 192.0.2.1: now"}""")]
    public async Task A_strangers_words_are_repeated_only_if_they_are_plain(string body)
        => Assert.Equal("the request is refused (400)", (await _provider.Answers(body, 400).FailsAsync(Source)).Message);

    [Theory]
    [InlineData(HttpRequestError.NameResolutionError, "its name cannot be looked up")]
    [InlineData(HttpRequestError.ConnectionError, "it cannot be reached")]
    [InlineData(HttpRequestError.SecureConnectionError, "no TLS connection: the certificate is not trusted, or something stands in between")]
    [InlineData(HttpRequestError.InvalidResponse, "no proper HTTP answer")]
    public async Task A_provider_that_is_down_is_told_apart(HttpRequestError error, string said)
        => Assert.Equal(said, (await _provider.Answers(_ => throw new HttpRequestException(error, Secret, new SocketException())).FailsAsync(Source)).Message);

    [Fact]
    public async Task Text_that_is_none_is_told()
        => Assert.Equal("the answer has text in it that is none", (await _provider.Answers("""{"s":"\ud800"}""").FailsAsync("xirsys:channel=c,ident=i,secret=s")).Message);

    [Fact]
    public async Task A_provider_that_is_silent_is_given_up_after_five_seconds()
    {
        var asking = _provider.Answers(async cancel => { await new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancel); return null!; }).MintAsync(Source).AsTask();
        await _provider.Time.WaitBegunAsync(ProviderClient.LongestAnswer).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        _provider.Time.Advance(ProviderClient.LongestAnswer);

        Assert.Equal("no answer within 5 s", (await Assert.ThrowsAsync<IceSourceException>(() => asking)).Message);
    }

    [Fact]
    public async Task A_body_that_never_ends_is_given_up_after_five_seconds()
    {
        var asking = _provider.Answers(_ => Task.FromResult(new HttpResponseMessage { Content = new StreamContent(new Endless(isSlow: true)) })).MintAsync(Source).AsTask();
        await _provider.Time.WaitBegunAsync(ProviderClient.LongestAnswer).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        _provider.Time.Advance(ProviderClient.LongestAnswer);

        Assert.Equal("no answer within 5 s", (await Assert.ThrowsAsync<IceSourceException>(() => asking)).Message);
    }

    [Fact]
    public async Task A_huge_body_is_read_no_further_than_64_KiB()
    {
        var body = new Endless(isSlow: false);
        var failure = await _provider.Answers(_ => Task.FromResult(new HttpResponseMessage { Content = new StreamContent(body) })).FailsAsync(Source);

        Assert.Equal("the answer has more than 64 KiB", failure.Message);
        Assert.InRange(body.Given, 64 * 1024, 70 * 1024);
    }

    [Theory]
    [InlineData("120", 120)]
    [InlineData("date", 90)]
    public async Task Retry_After_is_understood_in_both_its_forms(string header, int seconds)
    {
        string text = header == "date" ? _provider.Time.GetUtcNow().AddSeconds(90).ToString("R") : header;
        Assert.Equal(TimeSpan.FromSeconds(seconds), (await _provider.Answers("", 429, text).FailsAsync(Source)).RetryAfter);
    }

    [Fact]
    public async Task A_clock_that_differs_is_measured_by_the_Date_header_and_put_right_in_names_that_carry_their_expiry()
    {
        var ahead = TimeSpan.FromMinutes(10);
        long expiry = (_provider.Time.GetUtcNow() + ahead).AddHours(1).ToUnixTimeSeconds(); // an hour, by the provider's clock
        var grant = await _provider.Answers($$"""{"username":"{{expiry}}:u","password":"p","ttl":3600,"uris":["turn:a.example"]}""", skew: ahead).MintAsync("turn-rest:url=https://a.example");

        Assert.InRange(grant.ClockSkew!.Value, ahead - TimeSpan.FromSeconds(1), ahead + TimeSpan.FromSeconds(1));
        Assert.InRange(grant.ExpiresAt!.Value - _provider.Time.GetUtcNow(), TimeSpan.FromSeconds(3598), TimeSpan.FromSeconds(3600));
    }

    [Theory]
    [InlineData("metered:app=x,api-key=" + Secret)]
    [InlineData("metered:app=x,secret-key=" + Secret)]
    [InlineData("cloudflare:key-id=i,api-token=" + Secret)]
    [InlineData("twilio:account-sid=AC,auth-token=" + Secret)]
    [InlineData("xirsys:channel=c,ident=i,secret=" + Secret)]
    [InlineData("turn-rest:url=https://a.example,key=" + Secret)]
    [InlineData(Source)]
    public async Task No_error_of_any_provider_has_a_secret_in_it(string source)
    {
        foreach (var answer in new Func<CancellationToken, Task<HttpResponseMessage>>[]
        {
            _ => throw new HttpRequestException($"https://a.example?key={Secret}"),
            _ => throw new IOException(Secret),
            _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.Unauthorized) { Content = new StringContent($$"""{"error":"{{Secret}}: no"}""", Encoding.UTF8) }),
            _ => Task.FromResult(new HttpResponseMessage { Content = new StringContent(Secret) }),
        })
        {
            var failure = await new FakeProvider().Answers(answer).FailsAsync(source);
            Assert.DoesNotContain(Secret, failure.Message, StringComparison.Ordinal);
        }
    }

    private sealed class Endless(bool isSlow) : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => Given; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int length = Math.Min(count, 4096);
            Array.Fill(buffer, (byte)' ', offset, length);
            Given += length;
            return length;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (isSlow) await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            int length = Math.Min(buffer.Length, 4096);
            buffer.Span[..length].Fill((byte)' ');
            Given += length;
            return length;
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
