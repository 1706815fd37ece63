using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Thaw.Audit;
using Thaw.Audit.Known;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw audit DIR</c>: what in a project's source is known to leave calls in "Connecting".</summary>
internal static class Audit
{
    private const int MostPlaces = 4;

    private static readonly Argument<DirectoryInfo> Folder = new("dir") { Description = "Folder of a web client, a backend, a TURN server's configuration, or of all of them." };
    private static readonly Option<bool> Json = new Option<bool>("--json") { Description = "Print one JSON document." }.OrVariable("THAW_AUDIT_JSON");
    private static readonly Option<bool> Strict = new Option<bool>("--strict") { Description = "Warnings count too: exit with 1 if there are any." }.OrVariable("THAW_AUDIT_STRICT");

    public static Command Command()
    {
        var command = new Command("audit", "Read a project's source and name what is known to hang: versions, missing ICE servers, TURN settings.") { Folder, Json, Strict };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var folder = parsed.GetValue(Folder)!;
        if (!folder.Exists)
        {
            Console.Error.WriteLine($"thaw: there is no folder {folder}.");
            return ExitCode.NoInput;
        }

        AuditReport report;
        try
        {
            report = ProjectAudit.Run(folder.FullName, KnownHangs.Shipped);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"thaw: {e.Message}");
            return ExitCode.NoInput;
        }

        int exit = ExitFor(report, parsed.GetValue(Strict));
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(new AuditDocument(1, report.Findings, report.Recognised, report.FilesRead, report.LeftOut, exit), AuditJson.Default.AuditDocument));
        else foreach (string line in Describe(report)) Console.Out.WriteLine(line);
        return exit;
    }

    internal static int ExitFor(AuditReport report, bool isStrict)
        => report.Findings.Any(f => f.Severity is Severity.Problem) ? ExitCode.Found
            : report.Recognised is [] ? ExitCode.Inconclusive
            : report.Findings.Count > 0 && isStrict ? ExitCode.Warnings
            : ExitCode.Ok;

    internal static IEnumerable<string> Describe(AuditReport report)
    {
        foreach (var same in report.Findings.GroupBy(finding => (finding.Rule, finding.Title)))
        {
            var finding = same.First();
            yield return $"{(finding.Severity is Severity.Problem ? "PROBLEM" : "warning")}  {finding.Title}";
            foreach (var place in same.Take(MostPlaces)) yield return $"  {place.File}:{place.Line}: {place.Quote}";
            if (same.Count() > MostPlaces) yield return $"  and at {same.Count() - MostPlaces} more places";
            yield return $"  Why:    {finding.Why}";
            yield return $"  Change: {finding.Change}";
            yield return $"  See:    {string.Join(" ", finding.Sources)} (cause {finding.Cause}, rule {finding.Rule})";
            yield return "";
        }

        foreach (string left in report.LeftOut) yield return $"Not read: {left}";
        if (report.Recognised is [])
        {
            yield return $"Nothing recognised in {report.FilesRead} files: no Pipecat, aiortc or coturn, no lock or manifest that names them. Is this the project's folder?";
            yield break;
        }

        const int most = 8;
        string looked = string.Join(", ", report.Recognised.Take(most)) + (report.Recognised.Count > most ? $" and {report.Recognised.Count - most} more" : "");
        int problems = report.Findings.Count(f => f.Severity is Severity.Problem), warnings = report.Findings.Count - problems;
        yield return problems + warnings == 0
            ? $"Nothing here is known to hang. Looked at {looked}."
            : $"{problems} known to hang, {warnings} that hang on some networks. Looked at {looked}.";
    }
}

/// <summary>What <c>thaw audit --json</c> prints.</summary>
internal sealed record AuditDocument(
    int SchemaVersion, IReadOnlyList<Finding> Findings, IReadOnlyList<string> Recognised, int FilesRead, IReadOnlyList<string> LeftOut, int ExitCode);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(AuditDocument))]
internal sealed partial class AuditJson : JsonSerializerContext;
