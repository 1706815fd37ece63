using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Thaw.Interop.Tests;

/// <summary>
/// Firefox ESR with a fake microphone in a network namespace, driven by WebDriver BiDi
/// (https://w3c.github.io/webdriver-bidi/), of which four commands are enough.
/// </summary>
internal sealed partial class Firefox : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60), CommandLimit = TimeSpan.FromSeconds(60);

    private const string Preferences = """
        user_pref("media.navigator.streams.fake", true);
        user_pref("media.navigator.permission.disabled", true);
        user_pref("dom.securecontext.allowlist", "203.0.113.130");
        user_pref("media.autoplay.default", 0);
        user_pref("media.autoplay.blocking_policy", 0);
        user_pref("app.update.enabled", false);
        user_pref("browser.shell.checkDefaultBrowser", false);
        user_pref("browser.startup.page", 0);
        user_pref("datareporting.policy.dataSubmissionEnabled", false);
        user_pref("network.captive-portal-service.enabled", false);
        user_pref("network.connectivity-service.enabled", false);
        user_pref("network.dns.disabled", false);
        user_pref("services.settings.server", "");
        user_pref("toolkit.telemetry.enabled", false);
        """;

    private readonly Process _process;
    private readonly string _profile;
    private readonly WebSocket _socket;
    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _commands;
    private string _tab = "";

    private Firefox(Process process, string profile, WebSocket socket) => (_process, _profile, _socket) = (process, profile, socket);

    /// <param name="trust">NSS's certutil, and the file of an authority to believe.</param>
    public static async Task<Firefox> LaunchAsync(NetworkNamespace network, (string Certutil, string Authority)? trust = null, string preferences = "")
    {
        string profile = Directory.CreateTempSubdirectory("thaw-firefox-").FullName;
        await File.WriteAllTextAsync(Path.Combine(profile, "user.js"), $"{Preferences}\n{preferences}\n");
        if (trust is { } believed)
        {
            await TrustAsync(believed.Certutil, "-N", "-d", $"sql:{profile}", "--empty-password");
            await TrustAsync(believed.Certutil, "-A", "-d", $"sql:{profile}", "-n", "lab", "-t", "C,,", "-i", believed.Authority);
        }

        string[] line = [.. network.Prefix, Executables.Firefox, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["HOME"] = profile; // nothing of this user's, nothing left behind
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        try
        {
            var server = await ServerAsync(process).WaitAsync(StartLimit);
            _ = process.StandardError.ReadToEndAsync();
            var firefox = new Firefox(process, profile, await ConnectAsync(network, server));
            await firefox.CommandAsync("session.new", new() { ["capabilities"] = new JsonObject() });
            var tree = await firefox.CommandAsync("browsingContext.getTree", []);
            firefox._tab = tree.GetProperty("contexts")[0].GetProperty("context").GetString()!;
            return firefox;
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    public Task GoAsync(Uri url) => CommandAsync("browsingContext.navigate", new() { ["context"] = _tab, ["url"] = url.ToString(), ["wait"] = "complete" });

    /// <summary>The expression's value, awaited, by way of JSON. It throws what the page throws.</summary>
    public async Task<JsonElement> EvaluateAsync(string expression)
    {
        var result = await CommandAsync("script.evaluate", new()
        {
            ["expression"] = $"(async () => JSON.stringify(await ({expression})) ?? 'null')()",
            ["target"] = new JsonObject { ["context"] = _tab },
            ["awaitPromise"] = true,
            ["userActivation"] = true,
        });
        if (result.GetProperty("type").GetString() == "exception")
            throw new InvalidOperationException($"{expression}: {result.GetProperty("exceptionDetails").GetProperty("text").GetString()}");
        return JsonElement.Parse(result.GetProperty("result").GetProperty("value").GetString()!);
    }

    public async Task UntilAsync(string name, string condition, TimeSpan limit)
    {
        string waiting = $$"""
            new Promise(resolve => {
              const until = performance.now() + {{limit.TotalMilliseconds:0}};
              const look = () => ({{condition}}) ? resolve('') : performance.now() > until
                ? resolve(JSON.stringify({ state: thaw.state, headline: thaw.headline, verdict: thaw.verdict, timeline: thaw.timeline(), stats: thaw.stats(), candidates: thaw.candidates() }))
                : setTimeout(look, 50);
              look();
            })
            """;
        string page = (await EvaluateAsync(waiting)).GetString()!;
        if (page.Length > 0) throw new TimeoutException($"\"{name}\" did not come true in {limit.TotalSeconds:0} s. The page says: {page}");
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        _process.Dispose();
        try
        {
            Directory.Delete(_profile, recursive: true);
        }
        catch (IOException)
        {
            // A child of its own still writes to it; the system's temporary folder is where it may stay.
        }
    }

    private static async Task TrustAsync(string certutil, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(certutil, arguments) { RedirectStandardError = true })!;
        string errors = await process.StandardError.ReadToEndAsync().WaitAsync(StartLimit);
        await process.WaitForExitAsync().WaitAsync(StartLimit);
        if (process.ExitCode != 0) throw new InvalidOperationException($"certutil {string.Join(' ', arguments)}: {errors}");
    }

    private static async Task<IPEndPoint> ServerAsync(Process process)
    {
        var said = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (Listening().Match(line) is { Success: true } match) return IPEndPoint.Parse(match.Groups[1].Value);
        }

        throw new InvalidOperationException($"Firefox ended: {string.Join('\n', said)}");
    }

    private static async Task<WebSocket> ConnectAsync(NetworkNamespace network, IPEndPoint server)
    {
        using var handler = new SocketsHttpHandler { ConnectCallback = async (_, _) => new NetworkStream(await network.ConnectAsync(server), ownsSocket: true) };
        var socket = new ClientWebSocket();
        using var limit = new CancellationTokenSource(CommandLimit);
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        await socket.ConnectAsync(new Uri($"ws://{server}/session"), invoker, limit.Token);
        return socket;
    }

    private async Task<JsonElement> CommandAsync(string method, JsonObject parameters)
    {
        using var limit = new CancellationTokenSource(CommandLimit);
        int id = ++_commands;
        var command = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(command), WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            var message = await ReadAsync(limit.Token);
            if (!message.TryGetProperty("id", out var answered) || answered.ValueKind != JsonValueKind.Number || answered.GetInt32() != id) continue; // an event
            if (message.GetProperty("type").GetString() == "success") return message.GetProperty("result");
            throw new InvalidOperationException($"{method}: {message.GetRawText()}");
        }
    }

    private async Task<JsonElement> ReadAsync(CancellationToken cancel)
    {
        int length = 0;
        while (true)
        {
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancel);
            length += part.Count;
            if (part.EndOfMessage) return JsonElement.Parse(_buffer.AsSpan(0, length));
        }
    }

    [GeneratedRegex("WebDriver BiDi listening on ws://([0-9.]+:[0-9]+)")]
    private static partial Regex Listening();
}
