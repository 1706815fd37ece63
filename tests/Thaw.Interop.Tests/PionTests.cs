using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>An ICE, a DTLS and an SCTP in Go, as the client: it trickles every candidate and speaks G.711.</summary>
public sealed class PionTests(Servers servers)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Loopback_returns_audio_text_and_16_KiB_of_binary()
    {
        string client = await PionClient.BuiltAsync("pion_client");
        var server = await servers.GetAsync("loopback");
        string[] line = [server.At("/api/offer").ToString(), Limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)];
        using var process = Process.Start(new ProcessStartInfo(client, line) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Limit + TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);

        Assert.True(output.Length > 0, $"pion_client printed nothing: {await errors}");
        var saw = JsonElement.Parse(output);
        Assert.True(saw.GetProperty("opened").GetBoolean(), output);
        Assert.True(saw.GetProperty("enough").GetBoolean(), output);
        Assert.InRange(saw.GetProperty("trickled").GetInt32(), 1, 100);
        Assert.InRange(saw.GetProperty("tone_share").GetDouble(), 0.8, 1);
        string[] texts = [.. saw.GetProperty("texts").EnumerateArray().Select(t => t.GetString()!)];
        Assert.Contains(texts, t => t.Contains("bot-ready", StringComparison.Ordinal) && t.Contains("ab12cd34", StringComparison.Ordinal));
        Assert.Contains("plain text", texts);
        Assert.Equal(16_384, saw.GetProperty("binary").GetInt32());
        Assert.True(saw.GetProperty("intact").GetBoolean());
    }
}

/// <summary>Programs of Peers, built with Debian's sources of pion.</summary>
internal static class PionClient
{
    private const string Sources = "/usr/share/gocode";

    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(4); // once; Go keeps what it built

    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Built = new();

    public static Task<string> BuiltAsync(string name)
    {
        _ = Executables.Find("go", "golang-go");
        Assert.SkipUnless(Directory.Exists($"{Sources}/src/github.com/pion/webrtc"), "pion is not installed (Debian package golang-github-pion-webrtc.v3-dev)");
        return Built.GetOrAdd(name, _ => new(() => BuildAsync(name))).Value;
    }

    private static async Task<string> BuildAsync(string name)
    {
        // Debian's packages have no module proxy to come from: they are a GOPATH, and ours has to be one too.
        string from = Path.Combine(AppContext.BaseDirectory, "Peers", name), path = Path.Combine(AppContext.BaseDirectory, "go");
        string folder = Directory.CreateDirectory(Path.Combine(path, "src", name)).FullName;
        foreach (string file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        var start = new ProcessStartInfo(Executables.Find("go", "golang-go"), ["build", "-o", Path.Combine(path, name), "."]) { WorkingDirectory = folder, RedirectStandardError = true };
        start.Environment["GO111MODULE"] = "off";
        start.Environment["GOPATH"] = $"{path}:{Sources}";
        using var go = Process.Start(start)!;
        string errors = await go.StandardError.ReadToEndAsync().WaitAsync(BuildLimit);
        await go.WaitForExitAsync().WaitAsync(BuildLimit);
        return go.ExitCode == 0 ? Path.Combine(path, name) : throw new InvalidOperationException($"go build: {errors}");
    }
}
