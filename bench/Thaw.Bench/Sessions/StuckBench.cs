using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;

namespace Thaw.Bench.Sessions;

/// <summary><c>sessions --stuck</c>: what clients cost that call and are never heard of again, and that nothing of them stays.</summary>
internal static class StuckBench
{
    private const int Candidates = 3; // each a pair that is checked twice a second
    private const int AtOnce = 8;

    /// <summary>Long enough that all are in their checks while they are measured.</summary>
    public static ConnectBudget Budget { get; } = new()
    {
        Signalling = TimeSpan.FromSeconds(30),
        Candidates = TimeSpan.FromSeconds(40),
        Checks = TimeSpan.FromSeconds(40),
        Path = TimeSpan.FromSeconds(40),
        Whole = TimeSpan.FromSeconds(45),
    };

    public static TimeSpan AwaitRestart { get; } = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(int count, CancellationToken cancel)
    {
        if (OperatingSystem.IsLinux() && Environment.ProcessorCount > 1) Process.GetCurrentProcess().ProcessorAffinity = 2; // the server has the other
        await using var server = await HostProcess.StartAsync("loopback", count + 8, types: false, stuck: true);
        using var dtls = new BouncyCastleDtls();
        var config = new PeerConfig { Dtls = dtls };
        using var http = new HttpClient();
        using var hole = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        hole.Bind(new IPEndPoint(IPAddress.Any, 0)); // every address of 127.0.0.0/8 takes checks here, and answers none
        int port = ((IPEndPoint)hole.LocalEndPoint!).Port;

        for (int i = 0; i < 4; i++) await CallAsync(i);
        await Task.Delay(TimeSpan.FromSeconds(2), cancel);
        var idle = await server.NextAsync();
        var calling = Stopwatch.StartNew();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (i, _) => await CallAsync(4 + i));
        Say($"{count} offers answered in {calling.Elapsed.TotalSeconds:0.0} s");

        var from = await server.NextAsync();
        await Task.Delay(TimeSpan.FromSeconds(5), cancel);
        var to = await server.NextAsync();
        double seconds = (to.At - from.At) / 1000, cpu = (to.Cpu - from.Cpu) / seconds;
        Say($"in checking: {to.Sessions} sessions, {cpu / 10:0.0} % of a core, {cpu / count:0.000} ms/s each, {(to.PacketsOut - from.PacketsOut) / seconds / count:0.0} checks/s each");
        Say($"memory each: {(to.Resident - idle.Resident) / 1024.0 / count:0.0} KiB resident, {(to.Heap - idle.Heap) / 1024.0 / count:0.0} KiB managed; {(to.Allocated - from.Allocated) / seconds / count:0} B/s allocated");

        while ((to = await server.NextAsync()).Sessions > 0 && calling.Elapsed < TimeSpan.FromSeconds(120)) { }
        Say($"after their budget of {Budget.Checks.TotalSeconds:0} s: {to.Sessions} sessions at {calling.Elapsed.TotalSeconds:0.0} s");
        await Task.Delay(AwaitRestart + TimeSpan.FromSeconds(5), cancel);
        to = await server.NextAsync();
        Say($"and without a restart: {(to.Resident - idle.Resident) / 1024.0 / 1024:0.0} MiB resident and {(to.Heap - idle.Heap) / 1024.0 / 1024:0.0} MiB managed more than before the first");

        async Task CallAsync(int number)
        {
            using var response = await http.PostAsJsonAsync(new Uri(server.Url, "/api/offer"), new { sdp = Offer(config, number, port), type = "offer" }, cancel);
            response.EnsureSuccessStatusCode();
        }
    }

    private static string Offer(PeerConfig config, int number, int port)
    {
        using var random = RandomNumberGenerator.Create();
        Candidate[] candidates = [.. Enumerable.Range(0, Candidates).Select(i =>
        {
            var at = new TransportAddress(new IPAddress([127, (byte)(2 + i), (byte)(number / 250), (byte)(1 + number % 250)]), (ushort)port);
            return new Candidate(CandidateType.Host, at, at, CandidatePriority.Of(CandidateType.Host, (ushort)(ushort.MaxValue - i)), $"{i}");
        })];
        using var caller = new PeerConnection(config, candidates, "", random, new Instant(0), IceRole.Controlling);
        return caller.CreateOffer(new Instant(0));
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
