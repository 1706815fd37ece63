using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Thaw.Cli.Coturn;
using Thaw.Cli.RelayChecks;
using Thaw.IceServers.Reading;
using Thaw.Net.Gathering;
using Thaw.Protocol.Gathering;
using Thaw.Protocol;
using Thaw.Relay;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw relay check</c>: would <c>thaw relay</c> with the same options serve whom it should? Changes nothing.</summary>
internal static class RelayCheckVerb
{
    private static readonly Option<string> ServerName = new Option<string>("--server-name") { Description = "The name in your turns: URL, to hold the certificate against." }
        .OrVariable("THAW_RELAY_SERVER_NAME", "", "a host name", text => (Uri.CheckHostName(text) is not UriHostNameType.Unknown, text));
    private static readonly Option<IceServer[]> From = new Option<IceServer[]>("--from") { Description = "Look at the ports from another relay: HOST[:PORT] with the same secret or user, or JSON with urls, username and credential." }
        .OrSecretVariable(["THAW_RELAY_CHECK_FROM"], ParseFrom);
    private static readonly Option<bool> Strict = new Option<bool>("--strict") { Description = "Warnings count too: exit with 1 if there are any." }.OrVariable("THAW_RELAY_CHECK_STRICT");

    /// <param name="settings">Of <c>thaw relay</c>: it takes the same.</param>
    public static Command Command(IEnumerable<Option> settings)
    {
        var command = new Command("check", "Say what would keep \"relay\" with the same options from serving, and what to do about it.");
        foreach (var option in settings) command.Add(option);
        command.Add(ServerName);
        command.Add(From);
        command.Add(Strict);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var machine = Machine.Read();
        RelayHostOptions options;
        try
        {
            options = Relay.OptionsFrom(parsed, withCertificate: false);
        }
        catch (Exception e) when (e is RelayHostException or IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return Print(parsed, [CheckRow.Problem("options", e.Message)]);
        }

        var plan = PlanOf(parsed, options, machine);
        List<CheckRow> rows = [.. Rows(plan, machine, parsed.GetValue(TurnserverConf.Option))];
        if (parsed.GetValue(From) is [var from, ..]) rows.AddRange(await OutsideRows.LookAsync(from, plan, machine, cancel));
        return Print(parsed, rows);
    }

    internal static IEnumerable<CheckRow> Rows(RelayPlan plan, Machine machine, TurnserverConf? conf) =>
    [
        .. conf?.Lines().Select(line => CheckRow.Warning("turnserver-conf", line)) ?? [],
        .. PortRows.Judge(plan, machine), .. AddressRows.Judge(plan, machine), .. CredentialRows.Judge(plan.Options.Server),
        .. CertificateRows.Judge(plan, machine), .. SystemRows.Judge(plan, machine),
    ];

    /// <summary>2 where it cannot work; 3 where what was asked for could not be looked at; 1 for warnings that count.</summary>
    internal static int ExitCodeOf(IReadOnlyList<CheckRow> rows, bool isStrict)
        => rows.Any(row => row.Status is RowStatus.Problem) ? ExitCode.Found
        : rows.Any(row => row is { Code: "outside", Status: RowStatus.Unknown }) ? ExitCode.Inconclusive
        : isStrict && rows.Any(row => row.Status is RowStatus.Warning) ? ExitCode.Warnings
        : ExitCode.Ok;

    internal static IEnumerable<string> Lines(IReadOnlyList<CheckRow> rows)
    {
        int width = rows.Max(row => row.Code.Length);
        foreach (var row in rows)
        {
            yield return $"{NameOf(row.Status),-7}  {row.Code.PadRight(width)}  {row.Text}";
            foreach (string fix in row.Fix) yield return $"{"",-7}  {"".PadRight(width)}    {fix}";
        }

        yield return "";
        yield return $"{Count(RowStatus.Problem, "problem")}, {Count(RowStatus.Warning, "warning")}, {rows.Count(row => row.Status is RowStatus.Unknown)} unknown.";

        string Count(RowStatus status, string name) => rows.Count(row => row.Status == status) is var count && count == 1 ? $"1 {name}" : $"{count} {name}s";
    }

    internal static (IReadOnlyList<IceServer>, string) ParseFrom(string text)
    {
        if (text.TrimStart() is ['{' or '[', ..])
        {
            if (!IceServerText.TryRead(text, DateTimeOffset.UtcNow, out var listed, out string error)) return ([], error);
            return listed is [{ Urls: [var only] } server] ? (Fault(only) is { } fault ? ([], fault) : ([server], "")) : ([], "one server with one URL, please");
        }

        string url = text.Contains("turn:", StringComparison.OrdinalIgnoreCase) || text.Contains("turns:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("stun", StringComparison.OrdinalIgnoreCase) ? text : $"turn:{text}";
        return Fault(url) is { } wrong ? ([], wrong) : ([new IceServer([url])], "");
    }

    private static string? Fault(string text)
        => !IceServerUrl.TryParse(text, out var url, out string error) ? error
        : url is { Kind: GatheringKind.Turn, Transport: TransportProtocol.Udp } ? null
        : $"\"{text}\": only turn: over UDP can be looked from";

    private static RelayPlan PlanOf(ParseResult parsed, RelayHostOptions options, Machine machine) => RelayPlan.Of(options, machine) with
    {
        IsForPrivateNetworks = parsed.GetValue(Relay.Profile) is "lan",
        Certificate = parsed.GetValue(Relay.Cert) is { Length: > 0 } certificate ? certificate : null,
        Key = parsed.GetValue(Relay.Key) is { Length: > 0 } key ? key : null,
        ServerName = parsed.GetValue(ServerName) is { Length: > 0 } name ? name : null,
    };

    private static int Print(ParseResult parsed, IReadOnlyList<CheckRow> rows)
    {
        int exit = ExitCodeOf(rows, parsed.GetValue(Strict));
        if (parsed.GetValue(Relay.Json))
            Console.Out.WriteLine(JsonSerializer.Serialize(new CheckReport(1, [.. rows.Select(row => new CheckLine(row.Code, NameOf(row.Status), row.Text, row.Fix))], exit), CheckJson.Default.CheckReport));
        else foreach (string line in Lines(rows)) Console.Out.WriteLine(line);
        return exit;
    }

    private static string NameOf(RowStatus status) => status switch
    {
        RowStatus.Ok => "ok",
        RowStatus.Warning => "warning",
        RowStatus.Problem => "problem",
        _ => "unknown",
    };
}

/// <summary>What <c>thaw relay check --json</c> prints.</summary>
internal sealed record CheckReport(int SchemaVersion, IReadOnlyList<CheckLine> Rows, int ExitCode);

internal sealed record CheckLine(string Code, string Status, string Text, IReadOnlyList<string> Fix);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CheckReport))]
internal sealed partial class CheckJson : JsonSerializerContext;
