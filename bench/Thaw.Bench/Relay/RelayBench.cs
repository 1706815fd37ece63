using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Thaw.Bench.Relay;

/// <summary>
/// <c>relay</c>: what a relayed packet costs, beside coturn, in rounds that take turns. Only the ratios of one run mean
/// anything: the machine drifts. "linger" is thaw with --linger-us 150. Server on the first core, clients and peers on the second, over loopback.
/// </summary>
internal static class RelayBench
{
    private static readonly (string Name, int Pairs, int Bytes, int Burst, double PerSecond)[] Loads =
    [
        ("voice, 100 calls", 100, 160, 1, 10_000),
        ("voice, 1000 calls", 1000, 160, 1, 20_000),
        ("video, 50 calls", 50, 1200, 8, 10_000),
    ];

    private static readonly Option<int> Rounds = new("--rounds") { DefaultValueFactory = _ => 5, Description = "Of each server and load." };
    private static readonly Option<double> Seconds = new("--seconds") { DefaultValueFactory = _ => 4, Description = "Each measurement's length." };
    private static readonly Option<int> Load = new("--load") { DefaultValueFactory = _ => -1, Description = "Only this load, from 0." };

    public static Command Command()
    {
        var command = new Command("relay", "CPU per relayed packet beside coturn.") { Rounds, Seconds, Load };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(Rounds), TimeSpan.FromSeconds(parsed.GetValue(Seconds)), parsed.GetValue(Load)));
        return command;
    }

    private static async Task RunAsync(int rounds, TimeSpan time, int only)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException("The load needs Linux's fast sockets.");
        if (Environment.ProcessorCount > 1) Process.GetCurrentProcess().ProcessorAffinity = 2;
        for (int load = 0; load < Loads.Length; load++)
            if (only < 0 || load == only) await MeasureAsync(Loads[load], rounds, time);
    }

    private static async Task MeasureAsync((string Name, int Pairs, int Bytes, int Burst, double PerSecond) load, int rounds, TimeSpan time)
    {
        using var thaw = await RelayServer.ThawAsync("thaw");
        using var lingering = await RelayServer.ThawAsync("linger", "--linger-us", "150");
        using var coturn = await RelayServer.CoturnAsync();
        RelayServer[] servers = coturn is null ? [thaw, lingering] : [thaw, lingering, coturn];
        var loads = servers.ToDictionary(server => server, server => new RelayLoad(server));
        var costs = servers.ToDictionary(server => server, _ => new List<double>());
        Say($"{load.Name}: {load.Bytes} bytes, bursts of {load.Burst}, {load.PerSecond:0} packets/s each way");

        foreach (var server in servers)
        {
            for (int i = 0; i < 20; i++) loads[server].AddPair();
            loads[server].Run(load.Bytes, load.Burst, load.PerSecond / 4, TimeSpan.FromSeconds(3)); // all code has run
            (long cpu, long resident) = (server.Cpu, server.Resident);
            for (int i = 20; i < load.Pairs; i++) loads[server].AddPair();
            int made = load.Pairs - 20;
            Say($"  {server.Name,-8} an allocation: {(server.Cpu - cpu) / 1000.0 / made:0} us CPU (three requests and the challenge), {(server.Resident - resident) / made:0} bytes resident");
        }

        foreach (var server in servers) loads[server].Run(load.Bytes, load.Burst, load.PerSecond, TimeSpan.FromSeconds(2));
        for (int round = 0; round < rounds; round++)
        {
            foreach (var server in servers)
            {
                long cpu = server.Cpu;
                loads[server].Run(load.Bytes, load.Burst, load.PerSecond, time);
                double cost = (server.Cpu - cpu) / 1000.0 / loads[server].Received;
                costs[server].Add(cost);
                double loss = 100.0 * (loads[server].Sent - loads[server].Received) / loads[server].Sent;
                Say($"  {server.Name,-8} {cost:0.00} us/packet, {loads[server].Received / time.TotalSeconds:0} packets/s, {loss:0.00} % lost");
            }
        }

        foreach (var server in servers) Say($"  {server.Name,-8} {Figure.Of(costs[server])} us/packet");
        foreach (var ours in coturn is null ? [] : servers[..2])
            Say($"  {ours.Name} / coturn, median of the rounds: {Figure.Of(costs[ours].Zip(costs[coturn!], (a, b) => 100 * a / b))} %");
        foreach (var one in loads.Values) one.Dispose();
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
