using System.Diagnostics;
using System.Text.Json;

namespace Thaw.Bench.Offers;

/// <summary>A server process that answers offers, told of a STUN and a TURN server that never answer.</summary>
internal sealed class OfferServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private OfferServer(Process process, Uri offers, bool knowsIceServers)
    {
        (_process, Offers, KnowsIceServers) = (process, offers, knowsIceServers);
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine(); // a full pipe would stop it
    }

    public Uri Offers { get; }

    /// <summary>False for a build that has no <c>--ice-servers</c>: its figures are those without any.</summary>
    public bool KnowsIceServers { get; }

    public static async Task<OfferServer> StartThawAsync(int deadPort)
    {
        string thaw = Beside("thaw");
        bool knows = (await HelpAsync(thaw)).Contains("--ice-servers", StringComparison.Ordinal);
        string servers = $$"""[{"urls":"stun:127.0.0.1:{{deadPort}}"},{"urls":"turn:127.0.0.1:{{deadPort}}","username":"bench","credential":"bench"}]""";
        string[] more = knows ? ["--ice-servers", servers] : [];
        return await StartAsync(knows, thaw,
            ["serve", "--host", "127.0.0.1", "--port", "0", "--udp-port", "0", "--udp-address", "127.0.0.1", "--max-sessions", "10000", "--json", .. more]);
    }

    // Debian's own interpreter: another python3 on the PATH does not see Debian's python3-aiortc.
    public static Task<OfferServer> StartAiortcAsync(int deadPort) => StartAsync(true, "/usr/bin/python3",
        [Beside("aiortc_server.py"), "--port", "0", "--webroot", Beside("webroot"), "--ice-server", $"stun:127.0.0.1:{deadPort}"]);

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<OfferServer> StartAsync(bool knows, string file, string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            string? first = await process.StandardOutput.ReadLineAsync().WaitAsync(StartLimit);
            if (first is null) throw new InvalidOperationException($"{file} ended: {await process.StandardError.ReadToEndAsync()}");
            var url = new Uri(JsonDocument.Parse(first).RootElement.GetProperty("url").GetString()!);
            return new(process, new UriBuilder(url) { Host = "127.0.0.1", Path = "/api/offer" }.Uri, knows);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    private static async Task<string> HelpAsync(string thaw)
    {
        using var process = Process.Start(new ProcessStartInfo(thaw, ["serve", "--help"]) { RedirectStandardOutput = true })!;
        string help = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return help;
    }

    private static string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);
}
