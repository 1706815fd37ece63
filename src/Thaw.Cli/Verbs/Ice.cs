using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Thaw.IceServers.Sources;
using Thaw.Probes;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw ice</c>: are these STUN and TURN servers any good, from here, now?</summary>
internal static class Ice
{
    public const string Name = "ice";

    private static readonly Option<string> Realm = new Option<string>("--realm") { Description = "What the realm of the TURN servers is meant to be." }
        .OrVariable("THAW_ICE_REALM", "", "a realm", text => (true, text));
    private static readonly Option<double> Limit = new Option<double>("--timeout") { Description = "Seconds that a URL may take." }
        .OrVariable("THAW_ICE_TIMEOUT", new ProbeOptions().Whole.TotalSeconds, "0.1 to 60", text => (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double limit) && limit is >= 0.1 and <= 60, limit));
    private static readonly Option<bool> Json = new Option<bool>("--json") { Description = "Print one JSON document." }.OrVariable("THAW_ICE_JSON");
    private static readonly Option<bool> Strict = new Option<bool>("--strict") { Description = "Warnings count too: exit with 1 if there are any." }.OrVariable("THAW_ICE_STRICT");

    private static readonly string[] NothingConfigured =
    [
        "thaw: no STUN or TURN server is configured, so there is nothing to try. Say which:",
        "  --ice-servers stun:stun.example.org      URLs, or JSON with urls, username and credential",
        $"  --ice-source google                      where credentials come from: {string.Join(", ", IceSources.Names)}",
        "  THAW_ICE_SERVERS, THAW_ICE_SOURCES       the same in a variable",
        "  ice-servers: or ice-source: in thaw.yaml, under ice: or serve:",
    ];

    public static Command Command()
    {
        var command = new Command(Name, "Use every configured STUN and TURN server once, as a caller would, and say what is wrong with which.")
        {
            IceServerOptions.Servers, IceServerOptions.Sources, IceServerOptions.Lifetime, IceServerOptions.Authority, Realm, Limit, Json, Strict,
        };
        command.SetAction((parsed, cancel) => RunAsync(parsed, new IceSourceSurroundings(), Console.Out, Console.Error, cancel));
        return command;
    }

    internal static async Task<int> RunAsync(ParseResult parsed, IceSourceSurroundings around, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        long began = around.Time.GetTimestamp();
        var configured = await IceConfiguration.ReadAsync(parsed, around, cancel);
        if (configured.IsEmpty)
        {
            foreach (string line in NothingConfigured) errors.WriteLine(line);
            return ExitCode.Usage;
        }

        bool isJson = parsed.GetValue(Json);
        if (!isJson) foreach (string line in configured.Lines()) output.WriteLine(line);
        var report = configured.Targets is [] ? new IceReport([], [], 0) : await IceProbe.RunAsync(
            configured.Targets,
            new ProbeOptions { Whole = TimeSpan.FromSeconds(parsed.GetValue(Limit)), Trusted = IceServerOptions.Trusted(parsed), Realm = parsed.GetValue(Realm) is { Length: > 0 } realm ? realm : null },
            isJson || Console.IsErrorRedirected ? null : done => errors.WriteLine($"{done.Url}: {Word(done.Status)}"),
            cancel);

        int exit = ExitFor(report, configured, parsed.GetValue(Strict));
        double took = Math.Round(around.Time.GetElapsedTime(began).TotalMilliseconds); // providers' answers too
        var document = new IceDocument(1, configured.Status > report.Status ? configured.Status : report.Status, configured.Findings, configured.Sources, report.Urls, report.Findings, took, exit);
        if (isJson) output.WriteLine(JsonSerializer.Serialize(document, IceJson.Default.IceDocument));
        else foreach (string line in Describe(report, configured.Sources)) output.WriteLine(line);
        return exit;
    }

    /// <summary>
    /// A list is good while something of each kind works: a dead server among them, or a provider that is down, is a warning. What
    /// <c>serve</c> would not start with is none.
    /// </summary>
    internal static int ExitFor(IceReport report, IceConfiguration configured, bool isStrict)
    {
        bool isFound = configured.IsRefused || report.Urls.All(url => url.Status is ProbeStatus.Failed) || report.Findings.Any(f => f.Status is ProbeStatus.Failed);
        bool isWarned = report.Status is not ProbeStatus.Ok || configured.Status is not ProbeStatus.Ok || report.Findings.Any(f => f.Status is not ProbeStatus.Ok);
        return isFound ? ExitCode.Found : isWarned && isStrict ? ExitCode.Warnings : ExitCode.Ok;
    }

    internal static IEnumerable<string> Describe(IceReport report, IReadOnlyList<SourceReport> sources)
    {
        string[][] rows =
        [
            ["URL", "RESULT", "TOOK", "ADDRESS"],
            .. sources.Select(source => new[] { source.Label, Word(source.Status), Ms(source.Milliseconds), source.Error is null ? $"grants {source.Urls} URLs" : "" }),
            .. report.Urls.Select(url => new[] { url.Url, Word(url.Status), Took(url), url.Relayed is { } relayed ? $"relay {relayed}" : url.Mapped is { } mapped ? $"we are {mapped}" : url.Server ?? "" }),
        ];
        int[] widths = [.. Enumerable.Range(0, 3).Select(column => rows.Max(row => row[column].Length) + 2)];
        foreach (string[] row in rows) yield return string.Concat(row.Select((cell, i) => i < widths.Length ? cell.PadRight(widths[i]) : cell)).TrimEnd();

        foreach (var source in sources.Where(source => source.Error is not null))
        {
            yield return "";
            yield return $"{source.Label}: {source.Error}.";
        }

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

    private static string Took(UrlReport url) => Ms(url.Steps.Sum(step => step.Milliseconds));

    private static string Ms(double milliseconds) => $"{milliseconds.ToString("0", CultureInfo.InvariantCulture)} ms";

    private static string Word(ProbeStatus status) => status switch { ProbeStatus.Ok => "ok", ProbeStatus.Warning => "warning", _ => "FAILED" };
}

/// <summary>What <c>thaw ice --json</c> prints.</summary>
/// <param name="Configuration">What is wrong with how it is written.</param>
internal sealed record IceDocument(
    int SchemaVersion, ProbeStatus Status, IReadOnlyList<WrittenFinding> Configuration, IReadOnlyList<SourceReport> Sources, IReadOnlyList<UrlReport> Urls,
    IReadOnlyList<ListFinding> Findings, double Milliseconds, int ExitCode);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IceDocument))]
internal sealed partial class IceJson : JsonSerializerContext;
