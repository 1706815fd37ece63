using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Thaw.Interop.Tests.Hangs;

/// <summary>Rows 3 and 4 of docs/rfc/voice.md on the real server: to the stock client an error without JSON is a hang.</summary>
public sealed class HttpTests(Servers servers)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404)]
    [InlineData("PUT /api/offer HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405)]
    [InlineData("POST /api/offer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{nono", 400)]
    [InlineData("POST /api/offer HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415)]
    [InlineData("POST /api/offer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n", 413)]
    [InlineData("PATCH /api/offer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{\"pc_id\":\"gone\",\"candidates\":[ ] }", 404)]
    [InlineData("POST /sessions/none/api/offer HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404)]
    [InlineData("GET /client/none.js HTTP/1.1\r\nHost: x\r\n\r\n", 404)]
    [InlineData("NONSENSE\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)] // no Host
    [InlineData("GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505)]
    public async Task Row_4_every_refusal_is_JSON_with_a_detail(string request, int status)
    {
        var (head, body) = await AskAsync(request);

        Assert.StartsWith($"HTTP/1.1 {status} ", head, StringComparison.Ordinal);
        Assert.Contains("application/json", head, StringComparison.OrdinalIgnoreCase);
        Assert.NotEmpty(JsonElement.Parse(body).GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task Row_4_also_for_a_header_that_is_too_long()
    {
        var (head, body) = await AskAsync($"GET / HTTP/1.1\r\nHost: x\r\nX: {new string('x', 40_000)}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 431 ", head, StringComparison.Ordinal);
        Assert.NotEmpty(JsonElement.Parse(body).GetProperty("detail").GetString()!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"createDailyRoom":false,"enableDefaultIceServers":true,"transport":"webrtc"}""")]
    public async Task Row_3_start_answers_at_once_and_never_with_a_null(string asked)
    {
        var server = await servers.GetAsync("echo");
        using var http = new HttpClient { Timeout = Limit };
        using var content = new StringContent(asked, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(server.At("/start"), content, TestContext.Current.CancellationToken);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain("null", body, StringComparison.Ordinal);
        Assert.True(Guid.TryParse(JsonElement.Parse(body).GetProperty("sessionId").GetString(), out _));
    }

    private async Task<(string Head, string Body)> AskAsync(string request)
    {
        var server = await servers.GetAsync("echo");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Url.Port, limit.Token);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), limit.Token);

        byte[] buffer = new byte[64 * 1024];
        int length = 0;
        while (await socket.GetStream().ReadAsync(buffer.AsMemory(length), limit.Token) is > 0 and var read)
        {
            length += read;
            string text = Encoding.UTF8.GetString(buffer, 0, length);
            if (text.Split("\r\n\r\n", 2) is [var head, var body] && body.Length >= LengthIn(head)) return (head, body);
        }

        throw new InvalidOperationException($"The connection ended after {Encoding.UTF8.GetString(buffer, 0, length)}");
    }

    private static int LengthIn(string head)
    {
        const string Name = "content-length:";
        int at = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? 2 : int.Parse(head[(at + Name.Length)..].Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}
