using System.Text;
using System.Text.Json;
using Thaw.Voice.Http;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>The real Kestrel on pipes: what it answers before any of our code runs.</summary>
public sealed class KestrelErrorTests
{
    private static readonly string LongHeader = "GET / HTTP/1.1\r\nHost: a\r\nX: " + new string('x', 40_000) + "\r\n\r\n";

    [Theory]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", 400)] // TLS to a plain port
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)] // no Host
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nbroken header\r\n\r\n", 400)]
    [InlineData("POST /start HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400)]
    [InlineData("POST /api/offer HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400)]
    [InlineData("POST /api/offer HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 300000\r\n\r\n", 413)]
    [InlineData("header over the limit", 431)]
    public async Task Row_4_what_Kestrel_refuses_by_itself_has_a_JSON_body_too(string request, int status)
    {
        await using var server = await KestrelOnPipes.StartAsync();

        string response = await server.ExchangeAsync(status == 431 ? LongHeader : request);

        string[] parts = response.Split("\r\n\r\n", 2);
        Assert.StartsWith($"HTTP/1.1 {status} ", parts[0], StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json", parts[0], StringComparison.Ordinal);
        Assert.Contains($"Content-Length: {Encoding.UTF8.GetByteCount(parts[1])}", parts[0], StringComparison.Ordinal);
        Assert.NotEmpty(JsonElement.Parse(parts[1]).GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task What_is_no_error_passes_untouched()
    {
        await using var server = await KestrelOnPipes.StartAsync();

        string response = await server.ExchangeAsync("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", response, StringComparison.Ordinal);
        Assert.Contains("""{"status":"ok"}""", response, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preflight_that_asks_for_an_impossible_header_is_answered_all_the_same()
    {
        await using var server = await KestrelOnPipes.StartAsync();

        string response = await server.ExchangeAsync("OPTIONS /api/offer HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n"
            + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-\u00c3\u00a9\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 204 ", response, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 30)] // no room
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 500)]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200", 500)]
    [InlineData("HTTP/1.1 4", 500)]
    [InlineData("", 500)]
    public void Anything_but_a_bare_error_in_one_piece_is_left_alone(string head, int room)
    {
        byte[] buffer = new byte[Math.Max(room, head.Length)];
        int length = Encoding.ASCII.GetBytes(head, buffer);

        Assert.Equal(length, KestrelErrors.Describe(buffer, length));
        Assert.Equal(head, Encoding.ASCII.GetString(buffer, 0, length));
    }
}
