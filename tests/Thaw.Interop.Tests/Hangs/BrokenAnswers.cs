using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Thaw.Interop.Tests.Hangs;

/// <summary>A network that spoils what goes through it, between one page and its server.</summary>
internal static partial class BrokenAnswers
{
    /// <summary>
    /// A firewall that swallows UDP, and a server without TCP: the browser's checks go to a port that nobody reads, and the server learns no
    /// candidate to check.
    /// </summary>
    public static async Task<IDisposable> SwallowUdpAsync(this IPage page)
    {
        var hole = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        hole.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)hole.LocalEndPoint!).Port;
        await page.RewriteAnswersAsync(sdp => CandidatePort().Replace(TcpCandidateLine().Replace(sdp, ""), $"${{head}}{port}"));
        await page.DropCandidatesAsync();
        return hole;
    }

    public static Task RewriteAnswersAsync(this IPage page, Func<string, string> rewrite) => page.RouteAsync("**/api/offer", async route =>
    {
        if (route.Request.Method != "POST")
        {
            await route.FallbackAsync();
            return;
        }

        var response = await route.FetchAsync(new() { Timeout = 5_000 });
        string body = await response.TextAsync();
        if (response.Ok)
        {
            var answer = JsonNode.Parse(body)!;
            answer["sdp"] = rewrite(answer["sdp"]!.GetValue<string>());
            body = answer.ToJsonString();
        }

        await route.FulfillAsync(new() { Response = response, Body = body });
    });

    /// <summary>The browser believes that its candidates arrived.</summary>
    public static Task DropCandidatesAsync(this IPage page) => page.RouteAsync("**/api/offer", route => route.Request.Method == "PATCH"
        ? route.FulfillAsync(new() { ContentType = "application/json", Body = """{"status":"success"}""" })
        : route.FallbackAsync());

    public static string WithoutCandidates(string sdp) => CandidateLine().Replace(sdp, "");

    [GeneratedRegex(@"(?<head>a=candidate:\S+ 1 udp \d+ \S+ )\d+", RegexOptions.IgnoreCase)]
    private static partial Regex CandidatePort();

    [GeneratedRegex(@"a=candidate:\S+ 1 tcp [^\r\n]*\r\n", RegexOptions.IgnoreCase)]
    private static partial Regex TcpCandidateLine();

    [GeneratedRegex(@"a=candidate:[^\r\n]*\r\n")]
    private static partial Regex CandidateLine();
}
