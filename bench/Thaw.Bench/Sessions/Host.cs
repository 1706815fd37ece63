using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Thaw.Voice;
using Thaw.Voice.Agents;

namespace Thaw.Bench.Sessions;

/// <summary>What the measured process says of itself, once a second. Milliseconds and bytes since its start.</summary>
internal sealed record Reading(double At, double Cpu, long Allocated, long Resident, long Heap, long PacketsIn, long PacketsOut, long Dropped, int Sessions, string Types);

/// <summary><c>host</c>, not for people: the server that <c>sessions</c> measures, in a process of its own.</summary>
internal static class Host
{
    private static readonly Option<string> Agent = new("--agent") { DefaultValueFactory = _ => "loopback" };
    private static readonly Option<int> MaxSessions = new("--max-sessions") { DefaultValueFactory = _ => 1000 };

    private static readonly Option<bool> Types = new("--types");
    private static readonly Option<bool> Stuck = new("--stuck");

    public static Command Command()
    {
        var command = new Command("host", "The server under test; sessions starts it.") { Agent, MaxSessions, Types, Stuck };
        command.Hidden = true;
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(Agent)!, parsed.GetValue(MaxSessions), parsed.GetValue(Types), parsed.GetValue(Stuck), cancel));
        return command;
    }

    private static async Task RunAsync(string agent, int maxSessions, bool types, bool stuck, CancellationToken cancel)
    {
        await using var server = await VoiceServer.StartAsync(new()
        {
            Host = "127.0.0.1",
            Port = 0,
            UdpPort = 0,
            UdpAddresses = [IPAddress.Loopback],
            Agent = ShippedAgents.ByName[agent],
            MaxSessions = maxSessions,
            Limits = new() { OffersPerSecond = 10_000, AwaitRestart = stuck ? StuckBench.AwaitRestart : new CallLimits().AwaitRestart },
            Budget = stuck ? StuckBench.Budget : new(),
        }, cancel);
        Console.WriteLine(server.Url);

        // Whoever started this reads standard output; when they are gone, so are we.
        _ = Task.Run(() => { if (Console.In.ReadLine() is null) Environment.Exit(0); }, cancel);
        using var allocated = types ? new AllocatedTypes() : null;
        using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await beat.WaitForNextTickAsync(cancel)) Console.WriteLine(JsonSerializer.Serialize(Read(server, allocated?.Summary() ?? "", collect: stuck && server.Statistics.Sessions == 0)));
    }

    /// <param name="collect">Whatever is still there after a collection is held by somebody.</param>
    private static Reading Read(VoiceServer server, string types, bool collect)
    {
        using var process = Process.GetCurrentProcess();
        var port = server.Statistics;
        return new(
            Stopwatch.GetElapsedTime(0).TotalMilliseconds, process.TotalProcessorTime.TotalMilliseconds,
            GC.GetTotalAllocatedBytes(precise: true), process.WorkingSet64, GC.GetTotalMemory(forceFullCollection: collect),
            port.DatagramsIn, port.DatagramsOut, port.Drops.Values.Sum() + port.QueueFull + port.SendErrors + port.ReceiveErrors, port.Sessions, types);
    }
}
