using System.Diagnostics;
using System.Text.Json;

namespace Thaw.Bench.Connect;

/// <summary>A server process that serves the page and answers its calls: Thaw, or aiortc behind the same page and contract.</summary>
internal sealed class Contestant : IAsyncDisposable
{
    // Debian's own interpreter: another python3 on the PATH does not see Debian's python3-aiortc.
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private Contestant(string name, Process process, Uri address)
    {
        (Name, _process, Address) = (name, process, address);
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine(); // a full pipe would stop it
    }

    public string Name { get; }

    public Uri Address { get; }

    /// <param name="what"><c>thaw</c>, <c>aiortc</c>, or the path of another build's executable.</param>
    public static Task<Contestant> StartAsync(string what) => what switch
    {
        "aiortc" => StartAsync(what, Python, Beside("aiortc_server.py"), "--port", "0", "--webroot", Beside("webroot")),
        "thaw" => StartThawAsync(what, Beside("thaw")),
        _ => StartThawAsync(Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(what)))!, what),
    };

    private static Task<Contestant> StartThawAsync(string name, string executable)
        => StartAsync(name, executable, "serve", "--host", "127.0.0.1", "--port", "0", "--udp-port", "0", "--udp-address", "127.0.0.1", "--json");

    private static async Task<Contestant> StartAsync(string name, string executable, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            string? first = await process.StandardOutput.ReadLineAsync().WaitAsync(StartLimit);
            if (first is null) throw new InvalidOperationException($"{name} ended: {await process.StandardError.ReadToEndAsync()}");

            var url = new Uri(JsonDocument.Parse(first).RootElement.GetProperty("url").GetString()!);
            return new(name, process, new UriBuilder(url) { Host = "127.0.0.1", Path = "/" }.Uri); // the same spelling for both
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);
}
