using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Thaw.Bench.Offers;

/// <summary>
/// <c>offers</c>: how long an answer takes while a STUN and a TURN server are configured that never answer. Offers as the
/// stock client in Chromium makes them, at a fixed rate, whether or not earlier ones are answered.
/// </summary>
internal static class OffersBench
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Option<double> Rate = new("--rate") { DefaultValueFactory = _ => 50, Description = "Offers a second to Thaw." };
    private static readonly Option<double> PeerRate = new("--peer-rate") { DefaultValueFactory = _ => 5, Description = "Offers a second to aiortc; 0 leaves it out." };
    private static readonly Option<int> Seconds = new("--seconds") { DefaultValueFactory = _ => 20, Description = "Each run's length." };

    public static Command Command()
    {
        var command = new Command("offers", "Time to answer an offer with dead ICE servers configured.") { Rate, PeerRate, Seconds };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(Rate), parsed.GetValue(PeerRate), TimeSpan.FromSeconds(parsed.GetValue(Seconds)), cancel));
        return command;
    }

    private static async Task RunAsync(double rate, double peerRate, TimeSpan length, CancellationToken cancel)
    {
        using var dead = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        dead.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // takes everything and says nothing
        int port = ((IPEndPoint)dead.LocalEndPoint!).Port;
        string offer = (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "chromium-first.sdp"), cancel)).ReplaceLineEndings("\r\n");

        await using (var thaw = await OfferServer.StartThawAsync(port))
        {
            if (!thaw.KnowsIceServers) Console.WriteLine("This build has no --ice-servers: measured without any.");
            await MeasureAsync("thaw", thaw, offer, rate, length, cancel);
        }

        if (peerRate <= 0) return;
        await using var aiortc = await OfferServer.StartAiortcAsync(port);
        await MeasureAsync("aiortc", aiortc, offer, peerRate, length, cancel);
    }

    private static async Task MeasureAsync(string name, OfferServer server, string offer, double rate, TimeSpan length, CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = Patience };
        for (int i = 0; i < 5; i++) await PostAsync(http, server, offer, -1 - i, cancel); // connections, compiler

        var began = Stopwatch.StartNew();
        var running = new List<Task<double>>();
        for (int i = 0; i < rate * length.TotalSeconds; i++)
        {
            var wait = TimeSpan.FromSeconds(i / rate) - began.Elapsed;
            if (wait > TimeSpan.Zero) await Task.Delay(wait, cancel);
            running.Add(PostAsync(http, server, offer, i, cancel));
        }

        double[] times = await Task.WhenAll(running);
        double[] answered = [.. times.Where(double.IsFinite).Order()];
        if (answered is [])
        {
            Console.WriteLine($"{name}: none of {times.Length} offers was answered");
            return;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-8} {rate,5:0.#}/s {times.Length,6} offers, {times.Length - answered.Length} not answered; ms: p50 {Figure.Quantile(answered, 0.5):0.0}, p90 {Figure.Quantile(answered, 0.9):0.0}, p99 {Figure.Quantile(answered, 0.99):0.0}, max {answered[^1]:0.0}"));
    }

    /// <summary>Milliseconds to the whole answer, or NaN. Each offer is another client's: its fragment differs.</summary>
    private static async Task<double> PostAsync(HttpClient http, OfferServer server, string offer, int number, CancellationToken cancel)
    {
        string fragment = "b" + (number + 100_000).ToString("x6", CultureInfo.InvariantCulture);
        string sdp = string.Join("\r\n", offer.Split("\r\n").Select(line => line.StartsWith("a=ice-ufrag:", StringComparison.Ordinal) ? "a=ice-ufrag:" + fragment : line));
        long sent = Stopwatch.GetTimestamp();
        try
        {
            string json = JsonSerializer.Serialize(new { sdp, type = "offer", pc_id = (string?)null, restart_pc = false });
            using var body = new StringContent(json, Encoding.UTF8, "application/json"); // with its length, as browsers send it
            using var response = await http.PostAsync(server.Offers, body, cancel);
            string answer = await response.Content.ReadAsStringAsync(cancel);
            return response.IsSuccessStatusCode && answer.Contains("a=candidate", StringComparison.Ordinal) ? Stopwatch.GetElapsedTime(sent).TotalMilliseconds : double.NaN;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return double.NaN;
        }
    }
}
