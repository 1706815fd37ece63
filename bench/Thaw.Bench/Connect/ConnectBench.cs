using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Thaw.Bench.Connect;

/// <summary>
/// <c>connect</c>: how long the stock Pipecat client in Chromium takes to reach two servers, alternately, so that whatever
/// else the machine does meets both.
/// </summary>
internal static class ConnectBench
{
    private static readonly Option<int> Runs = new("--runs") { DefaultValueFactory = _ => 20, Description = "Measured runs each, after the warm-up." };
    private static readonly Option<int> WarmUps = new("--warm-ups") { DefaultValueFactory = _ => 1, Description = "Runs each that do not count." };
    private static readonly Option<bool> Fresh = new("--fresh") { Description = "A new server process for every run and no warm-up: the first call." };
    private static readonly Option<string> A = new("--a") { DefaultValueFactory = _ => "thaw", Description = "thaw, aiortc, or the path of a thaw executable." };
    private static readonly Option<string> B = new("--b") { DefaultValueFactory = _ => "aiortc", Description = "Likewise." };
    private static readonly Option<string> Page = new Option<string>("--page") { DefaultValueFactory = _ => "plain", Description = "plain: the stock client alone. ours: through Thaw's own page, with all that it shows." }.AcceptOnlyFromAmong("plain", "ours");
    private static readonly Option<bool> Json = new("--json") { Description = "Print all runs as one JSON document." };

    public static Command Command()
    {
        var command = new Command("connect", "Time to connect in Chromium: Thaw and aiortc in turn.") { Runs, WarmUps, Fresh, A, B, Page, Json };
        command.SetAction(async (parsed, _) => await RunAsync(
            parsed.GetValue(Page) == "ours" ? CallPage.Ours : CallPage.Plain, [parsed.GetValue(A)!, parsed.GetValue(B)!], parsed.GetValue(Runs), parsed.GetValue(WarmUps), parsed.GetValue(Fresh), parsed.GetValue(Json)));
        return command;
    }

    private static async Task RunAsync(CallPage page, string[] names, int runs, int warmUps, bool fresh, bool json)
    {
        await using var caller = await Caller.StartAsync(page);
        var times = fresh ? await MeasureFreshAsync(caller, names, runs) : await MeasureAsync(caller, names, runs, warmUps);
        if (json) Console.WriteLine(JsonSerializer.Serialize(new { chromium = caller.Version, fresh, a = new { name = names[0], runs = times[0] }, b = new { name = names[1], runs = times[1] } }, JsonSerializerOptions.Web));
        else Print(names, times, $"Chromium {caller.Version}, {runs} runs each{(fresh ? ", a new server for each" : "")}: median (min..max), ms");
    }

    private static async Task<List<ConnectTimes>[]> MeasureAsync(Caller caller, string[] names, int runs, int warmUps)
    {
        await using var a = await Contestant.StartAsync(names[0]);
        await using var b = await Contestant.StartAsync(names[1]);
        List<ConnectTimes>[] times = [[], []];
        for (int run = -warmUps; run < runs; run++)
            foreach (var (server, its) in new[] { (a, times[0]), (b, times[1]) })
            {
                var measured = await caller.CallAsync(server);
                if (run >= 0) its.Add(measured);
            }
        return times;
    }

    private static async Task<List<ConnectTimes>[]> MeasureFreshAsync(Caller caller, string[] names, int runs)
    {
        await using (var browserWarmUp = await Contestant.StartAsync(names[1])) await caller.CallAsync(browserWarmUp);

        List<ConnectTimes>[] times = [[], []];
        for (int run = 0; run < runs; run++)
            for (int i = 0; i < 2; i++)
            {
                await using var server = await Contestant.StartAsync(names[i]);
                times[i].Add(await caller.CallAsync(server));
            }
        return times;
    }

    private static void Print(string[] names, List<ConnectTimes>[] times, string title)
    {
        Console.WriteLine(title);
        Console.WriteLine($"{"",-20} {names[0],24} {names[1],24} {"ratio",8}");
        foreach (var (name, of) in ConnectTimes.Figures)
        {
            Figure a = Figure.Of(times[0].Select(of)), b = Figure.Of(times[1].Select(of));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-20} {a,24} {b,24} {a.Median / b.Median,8:0.00}"));
        }
    }
}
