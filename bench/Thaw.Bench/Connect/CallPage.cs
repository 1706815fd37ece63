using Microsoft.Playwright;

namespace Thaw.Bench.Connect;

/// <summary>
/// The page that makes the call. Both answer with the same steps, in milliseconds since dialling; opening the microphone is not in them.
/// </summary>
internal sealed record CallPage(string Path, string Prepare, string Call, string HangUp)
{
    /// <summary>The stock client alone: web/bench, built into bench/page.</summary>
    public static CallPage Plain { get; } = new("/bench/index.html", "() => dial.prepare()", "() => dial.connect()", "() => dial.disconnect()");

    /// <summary>Thaw's own client with everything that it draws and measures meanwhile.</summary>
    public static CallPage Ours { get; } = new("/client/", "() => {}", """
        async () => {
          await thaw.connect();
          const to = Object.fromEntries(thaw.timeline().map((s) => [s.step, s.to]));
          const request = performance.getEntriesByType("resource").find((e) => e.name.endsWith("/api/offer"));
          return {
            offer: to.offer, sent: request.requestStart, answered: request.responseEnd, applied: to.answer, ice: to.ice, dtls: to.dtls,
            channel: Math.max(to.dtls, to.channel), connected: Math.max(to.dtls, to.channel), botReady: to.ready,
          };
        }
        """, "() => thaw.disconnect()");

    /// <summary>
    /// Opens it at the server's own origin, as both servers do it in real life (no preflights), yet from the same files for both.
    /// </summary>
    public async Task OpenAsync(IPage page, Uri server)
    {
        var at = new Uri(server, Path);
        await page.RouteAsync($"{new Uri(server, "/bench/")}**", route => route.FulfillAsync(new() { Path = FileOf(route.Request.Url) }));
        await page.GotoAsync(at.ToString());
        await page.WaitForFunctionAsync("() => window.dial ?? window.thaw");
        await page.UnrouteAllAsync(); // or every request would wait for this process
        await page.EvaluateAsync(Prepare);
    }

    private static string FileOf(string url) => System.IO.Path.Combine(AppContext.BaseDirectory, "page", new Uri(url).AbsolutePath["/bench/".Length..]);
}
