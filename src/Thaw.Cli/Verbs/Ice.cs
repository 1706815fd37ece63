using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Thaw.Net.Gathering;
using Thaw.Probes;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw ice</c>: are these STUN and TURN servers any good, from here, now?</summary>
internal static class Ice
{
    private static readonly Option<string> Realm = new Option<string>("--realm") { Description = "What the realm of the TURN servers is meant to be." }
        .OrVariable("THAW_ICE_REALM", "", "a realm", text => (true, text));
    private static readonly Option<double> Limit = new Option<double>("--timeout") { Description = "Seconds that a URL may take." }
        .OrVariable("THAW_ICE_TIMEOUT", 2.6, "0.1 to 60", text => (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double limit) && limit is >= 0.1 and <= 60, limit));
    private static readonly Option<bool> Json = new Option<bool>("--json") { Description = "Print one JSON document." }.OrVariable("THAW_ICE_JSON");
    private static readonly Option<bool> Strict = new Option<bool>("--strict") { Description = "Warnings count too: exit with 1 if there are any." }.OrVariable("THAW_ICE_STRICT");

    public static Command Command()
    {
        var command = new Command("ice", "Use every configured STUN and TURN server once, as a caller would, and say what is wrong with which.")
        {
            IceServerOptions.Servers, IceServerOptions.Authority, Realm, Limit, Json, Strict,
        };
        command.SetAction((parsed, cancel) => RunAsync(parsed, cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        ProbeTarget[] targets = [.. parsed.GetValue(IceServerOptions.Servers)!.SelectMany(Targets)];
        if (targets is [])
        {
            Console.Error.WriteLine("thaw: no servers: give --ice-servers, or set THAW_ICE_SERVERS.");
            return ExitCode.Usage;
        }

        bool isJson = parsed.GetValue(Json);
        var report = await IceProbe.RunAsync(
            targets,
            new ProbeOptions { Whole = TimeSpan.FromSeconds(parsed.GetValue(Limit)), Trusted = IceServerOptions.Trusted(parsed), Realm = parsed.GetValue(Realm) is { Length: > 0 } realm ? realm : null },
            isJson || Console.IsErrorRedirected ? null : done => Console.Error.WriteLine($"{done.Url}: {Word(done.Status)}"),
            cancel);

        int exit = ExitFor(report, parsed.GetValue(Strict));
        if (isJson) Console.Out.WriteLine(JsonSerializer.Serialize(new IceDocument(1, report.Status, report.Urls, report.Findings, report.Milliseconds, exit), IceJson.Default.IceDocument));
        else foreach (string line in Describe(report)) Console.Out.WriteLine(line);
        return exit;
    }

    /// <summary>A list is good while something of each kind works: a dead server among them is a warning.</summary>
    internal static int ExitFor(IceReport report, bool isStrict)
    {
        bool isFound = report.Urls.All(url => url.Status is ProbeStatus.Failed) || report.Findings.Any(f => f.Status is ProbeStatus.Failed);
        bool isWarned = report.Status is not ProbeStatus.Ok || report.Findings.Any(f => f.Status is not ProbeStatus.Ok);
        return isFound ? ExitCode.Found : isWarned && isStrict ? ExitCode.Warnings : ExitCode.Ok;
    }

    internal static IEnumerable<string> Describe(IceReport report)
    {
        string[][] rows =
        [
            ["URL", "RESULT", "TOOK", "ADDRESS"],
            .. report.Urls.Select(url => new[] { url.Url, Word(url.Status), Took(url), url.Relayed is { } relayed ? $"relay {relayed}" : url.Mapped is { } mapped ? $"we are {mapped}" : url.Server ?? "" }),
        ];
        int[] widths = [.. Enumerable.Range(0, 3).Select(column => rows.Max(row => row[column].Length) + 2)];
        foreach (string[] row in rows) yield return string.Concat(row.Select((cell, i) => i < widths.Length ? cell.PadRight(widths[i]) : cell)).TrimEnd();

        foreach (var url in report.Urls.Where(url => url.Why is not null || url.Notes.Count > 0))
        {
            yield return "";
            yield return url.Why is null ? url.Url : $"{url.Url}: {url.Why}.";
            if (url.Proof is { Length: > 0 }) yield return $"  Seen:  {url.Proof}";
            if (url.Steps is [.., var last]) yield return $"  Where: {last.Name}, after {string.Join(", ", url.Steps.SkipLast(1).Select(step => $"{step.Name} {Ms(step.Milliseconds)}"))}".Replace(", after ", url.Steps.Count > 1 ? ", after " : "", StringComparison.Ordinal);
            if (url.Fix is not null) yield return $"  Do:    {url.Fix}";
            if (url.Cause is not null) yield return $"  Cause: {url.Cause}";
            foreach (string note in url.Notes) yield return $"  Note:  {note}";
        }

        if (report.Findings.Count > 0) yield return "";
        foreach (var finding in report.Findings)
        {
            yield return $"{finding.Why}.{(finding.Fix.Length > 0 ? $" {finding.Fix}" : "")}";
        }
    }

    private static IEnumerable<ProbeTarget> Targets(IceServer server)
        => from text in server.Urls
           let url = IceServerUrl.TryParse(text, out var parsed, out _) ? parsed : null
           where url is not null // the option has refused the others
           select new ProbeTarget(text, url, url.Kind is GatheringKind.Turn ? new TurnCredential(server.Username!, server.Credential!) : null);

    private static string Took(UrlReport url) => Ms(url.Steps.Sum(step => step.Milliseconds));

    private static string Ms(double milliseconds) => $"{milliseconds.ToString("0", CultureInfo.InvariantCulture)} ms";

    private static string Word(ProbeStatus status) => status switch { ProbeStatus.Ok => "ok", ProbeStatus.Warning => "warning", _ => "FAILED" };
}

/// <summary>What <c>thaw ice --json</c> prints.</summary>
internal sealed record IceDocument(
    int SchemaVersion, ProbeStatus Status, IReadOnlyList<UrlReport> Urls, IReadOnlyList<ListFinding> Findings, double Milliseconds, int ExitCode);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IceDocument))]
internal sealed partial class IceJson : JsonSerializerContext;
