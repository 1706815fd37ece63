using System.CommandLine;
using System.Globalization;
using Thaw.Load;

namespace Thaw.Bench.Relay;

/// <summary>
/// <c>relay</c>: <c>thaw bench relay</c> against coturn and thaw in rounds that take turns, as a table. Only the ratios of one
/// run mean anything: the machine drifts. A server is on the first core, its clients and peers on the second, over loopback.
/// </summary>
internal static class RelayBench
{
    private static readonly Scenario[] Scenarios =
    [
        new("voice100", "100 calls, 160 bytes, 10 000/s each way", "--allocations 100 --rate 10000", IsTraffic: true,
            new("CPU a packet, us", "0.00", 0.85, r => r.Traffic!.ServerCpuMicroseconds), new("p50, us", "0", null, r => r.Traffic!.P50Microseconds), new("p99, us", "0", 1, r => r.Traffic!.P99Microseconds)),
        new("voice1000", "1000 calls, 160 bytes, 20 000/s each way", "--allocations 1000 --rate 20000", IsTraffic: true,
            new("CPU a packet, us", "0.00", 0.75, r => r.Traffic!.ServerCpuMicroseconds), new("p50, us", "0", null, r => r.Traffic!.P50Microseconds)),
        new("video50", "50 calls, 1200 bytes in bursts of 8 that arrive as one, 10 000/s each way", "--allocations 50 --rate 10000 --size 1200 --burst 8 --segments", IsTraffic: true,
            new("CPU a packet, us", "0.00", 0.55, r => r.Traffic!.ServerCpuMicroseconds), new("lost, %", "0.00", null, r => 100 * r.Traffic!.LostShare)),
        new("video50, one by one", "the same in single datagrams", "--allocations 50 --rate 10000 --size 1200 --burst 8", IsTraffic: true,
            new("CPU a packet, us", "0.00", null, r => r.Traffic!.ServerCpuMicroseconds), new("lost, %", "0.00", null, r => 100 * r.Traffic!.LostShare)),
        new("allocations", "10 000 at once: Allocate, CreatePermission, ChannelBind", "--allocate-only --allocations 10000 --peers 8", IsTraffic: false,
            new("CPU each, us", "0", 0.35, r => r.Allocations.ServerCpuMicroseconds), new("a second", "0", 2, r => r.Allocations.PerSecond, MoreIsBetter: true)),
        new("highest rate", "100 calls, 160 bytes, at most 0.1 % lost", "--allocations 100 --peers 8 --rate 30000 --find-max", IsTraffic: true,
            new("packets/s", "0", 1.3, r => r.Peak!.Traffic?.PacketsPerSecond, MoreIsBetter: true), new("CPU a packet, us", "0.00", null, r => r.Peak!.Traffic?.ServerCpuMicroseconds)),
    ];

    private static readonly Quantity Resident = new("resident bytes each, of a fresh server", "0", 0.2, r => r.Allocations.ServerResidentBytes);

    private static readonly Option<int> Rounds = new("--rounds") { DefaultValueFactory = _ => 5, Description = "Of each server and load." };
    private static readonly Option<double> Seconds = new("--seconds") { DefaultValueFactory = _ => 3, Description = "Each measurement's length; a third of it for each try at the highest rate." };
    private static readonly Option<string?> Only = new("--only") { Description = "Only the load of this name, such as voice100." };
    private static readonly Option<bool> RealTime = new("--real-time") { Description = "Ahead of everything else on the machine (chrt): for a busy one." };

    public static Command Command()
    {
        var command = new Command("relay", "The relay beside coturn: a table in Markdown, in about ten minutes.") { Rounds, Seconds, Only, RealTime };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(Rounds), parsed.GetValue(Seconds), parsed.GetValue(Only) ?? "", parsed.GetValue(RealTime)));
        return command;
    }

    private static async Task RunAsync(int rounds, double seconds, string only, bool isRealTime)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException("The load needs Linux's fast sockets.");
        Say($"| load | figure | coturn | thaw | thaw / coturn | goal |");
        Say($"|---|---|---|---|---|---|");
        foreach (var scenario in Scenarios.Where(scenario => scenario.Name.StartsWith(only, StringComparison.Ordinal) && (scenario.Name.Length == only.Length || !Scenarios.Any(other => other.Name == only))))
            await MeasureAsync(scenario, rounds, seconds, isRealTime ? ["chrt", "-f", "1"] : Environment.UserName == "root" ? ["nice", "-n", "-10"] : []);
    }

    private static async Task MeasureAsync(Scenario scenario, int rounds, double seconds, string[] priority)
    {
        var servers = await RelayServer.StartAsync(priority);
        try
        {
            string arguments = !scenario.IsTraffic ? scenario.Arguments
                : Invariant($"{scenario.Arguments} --warm-up 0.5 --seconds {(scenario.Name == "highest rate" ? seconds / 3 : seconds)}");
            var first = new List<LoadReport>();
            foreach (var server in servers) first.Add(await server.MeasureAsync(arguments)); // all code has run
            for (int more = 0; more < (scenario.IsTraffic ? 0 : 2); more++)
                foreach (var server in servers) await server.MeasureAsync(arguments); // and, where each packet is a request, has been compiled well
            List<LoadReport>[] reports = [.. servers.Select(_ => new List<LoadReport>())];
            for (int round = 0; round < rounds; round++)
                foreach (var (i, server) in servers.Index()) reports[i].Add(await server.MeasureAsync(arguments));

            foreach (var quantity in scenario.Quantities) Print(scenario, quantity, reports);
            if (!scenario.IsTraffic) Print(scenario, Resident, [.. first.Select(report => new List<LoadReport> { report })]);
            if (reports[^1].Exists(report => report.Peak is { LimitedByLoad: true })) Say($"| | | | the load was at its end first, in some rounds | | |");
        }
        finally
        {
            foreach (var server in servers) server.Dispose();
        }
    }

    private static void Print(Scenario scenario, Quantity quantity, List<LoadReport>[] reports)
    {
        double[][] values = [.. reports.Select(of => of.Select(report => quantity.Read(report) ?? double.NaN).ToArray())];
        double[] ratios = values.Length == 2 ? [.. values[1].Zip(values[0], (ours, theirs) => ours / theirs).Where(double.IsFinite)] : [];
        var ratio = Figure.Of(ratios);
        string goal = quantity.Goal is { } at ? Invariant($"{(quantity.MoreIsBetter ? "at least" : "at most")} {at}") : "";
        string compared = ratios is [] ? "" : Invariant($"**{ratio.Median:0.00}** ({ratio.Min:0.00}..{ratio.Max:0.00})");
        Say($"| {scenario.Name}: {scenario.What} | {quantity.Name} | {(values.Length == 2 ? Show(values[0]) : "")} | {Show(values[^1])} | {compared} | {goal} |");

        string Show(double[] of)
        {
            var figure = Figure.Of(of.Where(double.IsFinite));
            return figure.Runs == 1 ? figure.Median.ToString(quantity.Format, CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"{figure.Median.ToString(quantity.Format, CultureInfo.InvariantCulture)} ({figure.Min.ToString(quantity.Format, CultureInfo.InvariantCulture)}..{figure.Max.ToString(quantity.Format, CultureInfo.InvariantCulture)})");
        }
    }

    private static void Say(FormattableString line) => Console.WriteLine(Invariant(line));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Scenario(string Name, string What, string Arguments, bool IsTraffic, params Quantity[] Quantities);

    /// <param name="Goal">Of the ratio to coturn.</param>
    private sealed record Quantity(string Name, string Format, double? Goal, Func<LoadReport, double?> Read, bool MoreIsBetter = false);
}
