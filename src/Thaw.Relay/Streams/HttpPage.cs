using System.Net.Security;
using System.Text;

namespace Thaw.Relay.Streams;

/// <summary>
/// What a person sees who opens the relay's port in a browser, and a load balancer that asks whether it is up. The same
/// bytes for everybody: no path, no header and no version has a part in them.
/// </summary>
internal static class HttpPage
{
    private const string Page = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <title>TURN relay</title>
        <link rel="icon" href="data:,">
        <style>
        :root { --paper: #fbfbf9; --ink: #1d2327; --soft: #5a646b; --line: #dcdfdd; --box: #f1f2ef; --ok: #1f7a4d; }
        @media (prefers-color-scheme: dark) { :root { --paper: #14181a; --ink: #e6e9ea; --soft: #9aa5ab; --line: #2e363a; --box: #1c2225; --ok: #56c08a; } }
        * { box-sizing: border-box; }
        body { margin: 0; padding: clamp(1.5rem, 8vh, 6rem) 1.25rem 3rem; background: var(--paper); color: var(--ink);
          font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", sans-serif; -webkit-text-size-adjust: 100%; }
        main { max-width: 38rem; margin: 0 auto; }
        h1 { font-size: clamp(1.6rem, 5vw, 2.1rem); line-height: 1.2; margin: 0 0 .75rem; letter-spacing: -.01em; }
        h2 { font-size: 1.0625rem; margin: 2.25rem 0 .5rem; }
        p { margin: 0 0 .9rem; }
        .up { color: var(--ok); font-weight: 600; }
        .soft { color: var(--soft); }
        pre { margin: 0 0 .9rem; padding: .8rem 1rem; background: var(--box); border: 1px solid var(--line); border-radius: .5rem;
          font: .9375rem/1.5 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
        </style>
        </head>
        <body>
        <main>
        <h1>This is a TURN relay</h1>
        <p><span class="up">It is up.</span> It carries the sound and data of calls between people whose networks let no direct way through. Browsers
        and apps talk to it by themselves; there is nothing to do on this page.</p>
        <h2>If you run a call service</h2>
        <p>Put its address among your ICE servers, as <code>turn:</code> or <code>turns:</code>, with a user name and a password of yours.</p>
        <h2>To check it</h2>
        <p>That it answers over UDP (from the package <code>coturn</code>):</p>
        <pre>turnutils_stunclient ADDRESS</pre>
        <p>That it relays, in both directions and with your credentials:</p>
        <pre>turnutils_uclient -y -u USER -w PASSWORD ADDRESS</pre>
        <p class="soft">That this page opens shows only that TCP gets through, and TLS if the address begins with https. Why a caller was refused
        stands in the relay's log.</p>
        </main>
        </body>
        </html>

        """;

    private static readonly byte[] Body = Encoding.UTF8.GetBytes(Page);

    private static readonly byte[] Head = Encoding.ASCII.GetBytes(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
        + $"Content-Length: {Body.Length}\r\nConnection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
        + "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'\r\n\r\n");

    private static readonly byte[] Whole = [.. Head, .. Body];

    private static readonly byte[] NotAllowed = Encoding.ASCII.GetBytes("HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

    /// <summary>Answers and says goodbye; the caller closes.</summary>
    /// <exception cref="OperationCanceledException">The client did not take it in time.</exception>
    public static async Task AnswerAsync(Stream stream, ReadOnlyMemory<byte> request, TimeSpan deadline, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(deadline);
        await stream.WriteAsync(AnswerTo(request.Span), limit.Token);
        if (stream is SslStream secure) await secure.ShutdownAsync().WaitAsync(limit.Token);
    }

    private static ReadOnlyMemory<byte> AnswerTo(ReadOnlySpan<byte> request)
        => request.StartsWith("GET "u8) ? Whole : request.StartsWith("HEAD "u8) ? Head : NotAllowed;
}
