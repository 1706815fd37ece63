using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Thaw.Load;
using Thaw.Protocol;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw bench relay</c>: load for any TURN server, and what came of it.</summary>
internal static class BenchRelay
{
    private const int MostSeconds = 240; // permissions live for five minutes, and nothing refreshes them

    private static readonly TimeSpan CredentialLifetime = TimeSpan.FromHours(1);

    private static readonly Option<IPEndPoint> Server = new Option<IPEndPoint>("--server") { Description = "ADDRESS:PORT of the TURN server, UDP." }
        .OrVariable("THAW_BENCH_SERVER", new IPEndPoint(IPAddress.Loopback, 3478), "ADDRESS:PORT", text => (IPEndPoint.TryParse(text, out var server) && server.Port > 0, server!));
    private static readonly Option<string[]> User = new Option<string[]>("--user") { Description = "User name; NAME:PASSWORD without --password." }.OrSecrets("THAW_BENCH_USER", "a name", Word);
    private static readonly Option<string[]> Password = new Option<string[]>("--password") { Description = "Its password." }.OrSecrets("THAW_BENCH_PASSWORD", "a password", Word);
    private static readonly Option<string[]> Secret = new Option<string[]>("--secret") { Description = "Shared secret to mint a credential from, instead of a user." }.OrSecrets("THAW_BENCH_SECRET", "a secret", Word);
    private static readonly Option<int> Allocations = Number("--allocations", 100, 1, 60_000, "Clients, each with one allocation, permission and channel.");
    private static readonly Option<int> Peers = Number("--peers", 0, 0, 10_000, "Sockets that the peers share; 0: one for each client.");
    private static readonly Option<int> Rate = Number("--rate", 10_000, 1, 5_000_000, "Datagrams a second, each way.");
    private static readonly Option<int> Size = Number("--size", 160, LoadPlan.LeastBytes, 1400, "Bytes of each.");
    private static readonly Option<int> Burst = Number("--burst", 1, 1, 64, "Datagrams that each client and peer sends at once.");
    private static readonly Option<double> Seconds = Time("--seconds", 5, "Of measuring, and of each try with --find-max.");
    private static readonly Option<double> WarmUp = Time("--warm-up", 1, "Seconds of the same load before.");
    private static readonly Option<int> InFlight = Number("--in-flight", 64, 1, 1_000, "Clients that allocate at the same time.");
    private static readonly Option<int> Pid = Number("--pid", 0, 0, int.MaxValue, "The server's process on this machine: its CPU and memory are measured too.");
    private static readonly Option<bool> FindMax = new Option<bool>("--find-max") { Description = "Look for the highest rate at which at most one packet in a thousand is lost; --rate is where to begin." }.OrVariable("THAW_BENCH_FIND_MAX");
    private static readonly Option<bool> AllocateOnly = new Option<bool>("--allocate-only") { Description = "No traffic: allocations a second, and what each costs the server." }.OrVariable("THAW_BENCH_ALLOCATE_ONLY");
    private static readonly Option<IPAddress?> From = Address("--from", "Local address of the clients.");
    private static readonly Option<IPAddress?> PeersFrom = Address("--peers-from", "Local address of the peers; the server must allow it.");
    private static readonly Option<bool> Segments = new Option<bool>("--segments") { Description = "Bursts leave in one piece (UDP_SEGMENT), as hardware would hand them over." }.OrVariable("THAW_BENCH_SEGMENTS");
    private static readonly Option<bool> Json = new Option<bool>("--json") { Description = "Print one JSON document." }.OrVariable("THAW_BENCH_JSON");

    public static Command Command()
    {
        var command = new Command("relay", "Load a TURN server over UDP: loss, latency, and what a packet and an allocation cost it.")
        {
            Server, User, Password, Secret, Allocations, Peers, Rate, Size, Burst, Seconds, WarmUp, InFlight, Pid, FindMax, AllocateOnly, From, PeersFrom, Segments, Json,
        };
        command.Validators.Add(result =>
        {
            bool hasUser = result.GetValue(User) is [var user] && (result.GetValue(Password) is [_] || user.Contains(':', StringComparison.Ordinal));
            if (hasUser == result.GetValue(Secret) is [_]) result.AddError("Name a --user with its --password, or a --secret.");
        });
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        try
        {
            using var load = new RelayLoad(PlanFrom(parsed));
            var report = Measure(load, parsed);
            if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(report, LoadJson.Default.LoadReport));
            else foreach (string line in Describe(report)) Console.Out.WriteLine(line);
            return report.Allocations.Refused > 0 ? ExitCode.Found : ExitCode.Ok;
        }
        catch (LoadException e)
        {
            Console.Error.WriteLine($"thaw: {e.Message}");
            return ExitCode.CannotRun;
        }
    }

    private static LoadReport Measure(RelayLoad load, ParseResult parsed)
    {
        double rate = parsed.GetValue(Rate);
        TimeSpan time = TimeSpan.FromSeconds(parsed.GetValue(Seconds)), warmUp = TimeSpan.FromSeconds(parsed.GetValue(WarmUp));
        int count = parsed.GetValue(Allocations);
        load.Allocate(Math.Min(count, 200)); // what runs for the first time is loaded and compiled first
        load.Release();

        var allocations = load.Allocate(count);
        TrafficFigures? traffic = null;
        PeakFigures? peak = null;
        if (!parsed.GetValue(AllocateOnly))
        {
            if (warmUp > TimeSpan.Zero) load.Run(rate, warmUp);
            if (parsed.GetValue(FindMax)) peak = load.FindPeak(rate, time);
            else traffic = load.Run(rate, time);
        }

        load.Release();
        return new LoadReport(LoadReport.Version, allocations, traffic, peak);
    }

    private static LoadPlan PlanFrom(ParseResult parsed)
    {
        var server = parsed.GetValue(Server)!;
        string[] user = parsed.GetValue(User) is [var name] ? name.Split(':', 2) : [];
        return new LoadPlan
        {
            Server = new TransportAddress(server.Address, (ushort)server.Port),
            Credential = parsed.GetValue(Secret) is [var secret]
                ? LoadCredential.Mint(secret, TimeProvider.System.GetUtcNow() + CredentialLifetime)
                : parsed.GetValue(Password) is [var password] ? new LoadCredential(parsed.GetValue(User)![0], password) : new LoadCredential(user[0], user[1]),
            Allocations = parsed.GetValue(Allocations),
            Peers = parsed.GetValue(Peers),
            Bytes = parsed.GetValue(Size),
            Burst = parsed.GetValue(Burst),
            Segments = parsed.GetValue(Segments),
            InFlight = parsed.GetValue(InFlight),
            ProcessId = parsed.GetValue(Pid) is not 0 and var pid ? pid : null,
            ClientAddress = parsed.GetValue(From),
            PeerAddress = parsed.GetValue(PeersFrom),
        };
    }

    internal static IEnumerable<string> Describe(LoadReport report)
    {
        var made = report.Allocations;
        yield return Row("allocations", $"{made.Made}, {made.PerSecond:0}/s{(made.Refused > 0 ? $"; {made.Refused} refused ({made.RefusedBecause})" : "")}");
        if (made.ServerCpuMicroseconds is { } each) yield return Row("server, each", $"{each:0.0} us CPU, {made.ServerResidentBytes:0} bytes resident");

        var traffic = report.Traffic ?? report.Peak?.Traffic;
        if (report.Peak is { } peak)
        {
            string limit = peak.LimitedByLoad ? "; the load could not send more" : "";
            yield return Row("highest rate", traffic is null ? "none" : $"{traffic.PacketsPerSecond:0} packets/s relayed with at most {peak.LossLimit:0.0 %} lost ({peak.Probes} tries{limit})");
        }

        if (traffic is null) yield break;
        yield return Row("relayed", $"{traffic.PacketsPerSecond:0} packets/s, {traffic.LostShare:0.000 %} lost{(traffic.SentShare < 0.97 ? $"; only {traffic.SentShare:0 %} of the load could be sent" : "")}");
        yield return Row("latency", $"p50 {traffic.P50Microseconds:0} us, p90 {traffic.P90Microseconds:0} us, p99 {traffic.P99Microseconds:0} us, one way through the relay");
        if (traffic.ServerCpuMicroseconds is { } cost) yield return Row("server, a packet", $"{cost:0.00} us CPU ({traffic.ServerCpuShare:0 %} of a core)");
    }

    private static string Row(string name, string text) => $"{name,-17} {text}";

    private static Option<int> Number(string name, int otherwise, int least, int most, string description)
        => new Option<int>(name) { Description = description }.OrVariable(Variable(name), otherwise, $"{least} to {most}",
            text => EnvironmentOptions.Number(text, least, most));

    private static Option<double> Time(string name, double otherwise, string description)
        => new Option<double>(name) { Description = description }.OrVariable(Variable(name), otherwise, $"0 to {MostSeconds}",
            text => (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value is >= 0 and <= MostSeconds, value));

    private static Option<IPAddress?> Address(string name, string description)
        => new Option<IPAddress?>(name) { Description = description }.OrVariable(Variable(name), null, "an address", text => (IPAddress.TryParse(text, out var address), address));

    private static string Variable(string name) => $"THAW_BENCH_{name[2..].ToUpperInvariant().Replace('-', '_')}";

    private static (bool, string) Word(string text) => (text.Length > 0, text);
}
