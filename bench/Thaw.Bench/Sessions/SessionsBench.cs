using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Thaw.Dtls;
using Thaw.Net;
using Thaw.Voice.Audio;

namespace Thaw.Bench.Sessions;

/// <summary>
/// <c>sessions</c>: what many calls cost a server on one core. Phases tell the costs apart: connected and silent, audio at
/// half and at full rate (reports, consent checks and this measuring cost the same at both), and the client's pings.
/// </summary>
internal static class SessionsBench
{
    private const int CallersPerHost = 50;

    private static readonly Option<int> Count = new("--count") { DefaultValueFactory = _ => 500, Description = "Sessions." };
    private static readonly Option<int> Seconds = new("--seconds") { DefaultValueFactory = _ => 20, Description = "Each phase's length." };
    private static readonly Option<string> Agent = new("--agent") { DefaultValueFactory = _ => "loopback", Description = "loopback, or echo to include codecs." };

    private static readonly Option<bool> Types = new("--types") { Description = "Name the types that the server allocates; the naming costs too." };

    private static readonly Option<int> Stuck = new("--stuck") { Description = "Instead: so many that are answered and never connect." };

    public static Command Command()
    {
        var command = new Command("sessions", "CPU, memory and allocations of many calls on one core.") { Count, Seconds, Agent, Types, Stuck };
        command.SetAction((parsed, cancel) => parsed.GetValue(Stuck) is > 0 and var stuck ? StuckBench.RunAsync(stuck, cancel) : RunAsync(parsed.GetValue(Count), TimeSpan.FromSeconds(parsed.GetValue(Seconds)), parsed.GetValue(Agent)!, parsed.GetValue(Types), cancel));
        return command;
    }

    private static async Task RunAsync(int count, TimeSpan phase, string agent, bool types, CancellationToken cancel)
    {
        if (OperatingSystem.IsLinux() && Environment.ProcessorCount > 1) Process.GetCurrentProcess().ProcessorAffinity = 2; // the server has the other
        await using var server = await HostProcess.StartAsync(agent, count + 8, types);
        var hosts = new List<PeerHost>();
        using var dtls = new BouncyCastleDtls();
        dtls.WarmUp();
        var config = new Protocol.Peer.PeerConfig { Dtls = dtls, AudioCodecs = AudioCodecs.Available().Names };
        var delays = new Delays();
        using var http = new HttpClient();

        await ConnectAsync(8, new Delays()); // the idle server has run all its code once
        await Task.Delay(TimeSpan.FromSeconds(3), cancel);
        var idle = await server.NextAsync();
        var connecting = Stopwatch.StartNew();
        var clients = await ConnectAsync(count, delays);
        Say($"{count} sessions connected in {connecting.Elapsed.TotalSeconds:0.0} s; agent {agent}; each phase {phase.TotalSeconds:0} s");

        bool loopback = agent is "loopback";
        var load = new Load(clients, loopback ? [.. Enumerable.Range(0, 21).Select(i => new byte[80 + i])] : Speech(), loopback);
        var thread = load.Start();
        Say($"{"",-20} {"CPU ms/s each",14} {"core %",8} {"allocated B/s",14} {"packets/s",10}");

        await Task.Delay(TimeSpan.FromSeconds(4), cancel); // tiered compilation
        await MeasureAsync("connected, silent");
        load.Every = 2;
        await Task.Delay(TimeSpan.FromSeconds(6), cancel);
        var half = await MeasureAsync("audio, 25/s");
        load.Every = 1;
        await Task.Delay(TimeSpan.FromSeconds(2), cancel);
        delays.On = loopback;
        var full = await MeasureAsync("audio, 50/s");
        delays.On = false;
        load.Pings = true;
        await MeasureAsync("audio and pings");
        load.Stop();
        thread.Join();
        await Task.Delay(500, cancel);

        long sent = clients.Sum(c => c.Sent), received = clients.Sum(c => c.Received);
        var last = full.To;
        Say($"allocated per audio packet, from the two rates: {(full.AllocatedPerSecond - half.AllocatedPerSecond) / (full.PacketsPerSecond - half.PacketsPerSecond):0.00} B");
        Say($"memory per session: {(last.Resident - idle.Resident) / 1024.0 / count:0.0} KiB resident, {(last.Heap - idle.Heap) / 1024.0 / count:0.0} KiB managed");
        if (loopback)
            Say($"echo of {sent} packets: {sent - received} lost ({100.0 * (sent - received) / sent:0.000} %), p50 {delays.Quantile(0.5):0.00} ms, p99 {delays.Quantile(0.99):0.00} ms");
        else Say($"{sent} packets sent, {received} came back as the agent's own");
        Say($"server dropped or refused {last.Dropped - idle.Dropped}; {clients.Count(c => c.Ended)} calls ended early");
        foreach (var host in hosts) await host.DisposeAsync();

        async Task<List<Client>> ConnectAsync(int many, Delays into)
        {
            int first = hosts.Count * CallersPerHost;
            for (int i = 0; i < many; i += CallersPerHost) hosts.Add(OpenHost(hosts.Count));
            var made = Enumerable.Range(0, many).Select(_ => new Client(into)).ToList();
            await Parallel.ForAsync(0, many, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancel }, async (i, stop) =>
                await made[i].ConnectAsync(hosts[(first + i) / CallersPerHost], i % CallersPerHost, config, http, server.Url, stop));
            return made;
        }

        async Task<Cost> MeasureAsync(string name)
        {
            var from = await server.NextAsync();
            await Task.Delay(phase, cancel);
            var cost = new Cost(from, await server.NextAsync());
            Say($"{name,-20} {cost.CpuPerSecond / count,14:0.000} {cost.CpuPerSecond / 10,8:0.0} {cost.AllocatedPerSecond,14:0} {cost.PacketsPerSecond,10:0}");
            if (types) Say($"  {cost.To.Types}");
            return cost;
        }
    }

    // Each caller has an address of its own, as on the Internet: 127.0.0.0/8 is all ours on Linux.
    private static PeerHost OpenHost(int number) => PeerHost.Open(new()
    {
        UdpPort = 0,
        Addresses = [.. Enumerable.Range(1, CallersPerHost).Select(i => new IPAddress([127, 1, (byte)number, (byte)i]))],
        Shards = 1,
    }, TimeProvider.System);

    // What the echo agent hears must be speech-like Opus: a tone that swells, so that voice activity comes and goes.
    private static List<byte[]> Speech()
    {
        var codecs = AudioCodecs.Available();
        using var encoder = codecs.CreateEncoder(codecs.Names[0], 48_000);
        var payloads = new List<byte[]>();
        short[] pcm = new short[encoder.FrameLength];
        byte[] payload = new byte[1275];
        for (int frame = 0, t = 0; frame < 200; frame++)
        {
            for (int i = 0; i < pcm.Length; i++, t++)
                pcm[i] = (short)(8000 * Math.Max(0, Math.Sin(frame * Math.PI / 50)) * Math.Sin(t * 2 * Math.PI * 220 / 48_000));
            payloads.Add(payload[..encoder.Encode(pcm, payload)]);
        }
        return payloads;
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed record Cost(Reading From, Reading To)
    {
        private double Seconds => (To.At - From.At) / 1000;

        public double CpuPerSecond => (To.Cpu - From.Cpu) / Seconds;

        public double AllocatedPerSecond => (To.Allocated - From.Allocated) / Seconds;

        public double PacketsPerSecond => (To.PacketsIn + To.PacketsOut - From.PacketsIn - From.PacketsOut) / Seconds;
    }
}
