using System.CommandLine;
using System.Globalization;
using System.Net.NetworkInformation;
using System.Text.Json;
using System.Text.Json.Serialization;
using Thaw.Net;
using Thaw.Net.Addresses;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw ports</c>: what must be open for <c>thaw serve</c> with the same options. Opens nothing itself.</summary>
internal static class Ports
{
    private static readonly Option<bool> Json = new Option<bool>("--json") { Description = "Print one JSON document." }.OrVariable("THAW_PORTS_JSON");
    private static readonly Option<bool> Strict = new Option<bool>("--strict") { Description = "Notes count too: exit with 1 if there are any." }.OrVariable("THAW_PORTS_STRICT");

    public static Command Command()
    {
        var command = new Command("ports", "List what must be open, and how to open it, for \"serve\" with the same options.") { Json, Strict };
        foreach (var option in Serve.Settings) command.Add(option);
        command.SetAction((parsed, cancel) => RunAsync(parsed, cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        try
        {
            var options = Serve.OptionsFrom(parsed);
            var facts = HostFacts.Read();
            var preview = await AddressPreview.OfAsync(options.Network, options.Time, cancel);
            var remedies = Serve.RemediesFor(parsed, options.Port, options.UdpPort, options.TcpPort is 0 ? options.UdpPort : options.TcpPort);
            var check = SelfCheck.Of(facts, preview.Candidates, options.PublicAddresses, preview.UnknownNames, remedies);
            var list = PortList.For(remedies, facts.Cloud);
            int exit = check.IsHopeless ? ExitCode.Found : check.Warnings.Count > 0 && parsed.GetValue(Strict) ? ExitCode.Warnings : ExitCode.Ok;

            if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(new PortsReport(1, list.Ports, list.Commands, check.Announced, check.Warnings, exit), PortsJson.Default.PortsReport));
            else foreach (string line in Describe(list, check)) Console.Out.WriteLine(line);
            return exit;
        }
        catch (NetworkInformationException e)
        {
            Console.Error.WriteLine($"thaw: the system does not say which addresses it has: {e.Message}");
            return ExitCode.CannotRun;
        }
    }

    internal static IEnumerable<string> Describe(PortList list, SelfCheck check)
    {
        string[][] rows =
        [
            ["PORT", "DIRECTION", "WHO", "WHY"],
            .. list.Ports.Select(p => new[] { $"{(p.Port == 0 ? "any" : p.Port.ToString(CultureInfo.InvariantCulture))}/{p.Protocol}", p.Direction, p.Who, p.Why }),
        ];
        int[] widths = [.. Enumerable.Range(0, 3).Select(column => rows.Max(row => row[column].Length) + 2)];
        foreach (string[] row in rows) yield return string.Concat(row.Select((cell, i) => i < widths.Length ? cell.PadRight(widths[i]) : cell));
        if (list.Ports.Any(p => p.Port == 0)) yield return "Port 0 takes another port at every start, which no firewall can know: choose one.";

        yield return "";
        foreach (string line in check.Lines()) yield return line.Trim().Length == line.Length ? line : line[2..];
        foreach (var (tool, commands) in list.Commands)
        {
            yield return "";
            yield return tool;
            foreach (string command in commands) yield return $"  {command}";
        }
    }
}

/// <summary>What <c>thaw ports --json</c> prints.</summary>
internal sealed record PortsReport(
    int SchemaVersion, IReadOnlyList<PortLine> Ports, IReadOnlyDictionary<string, IReadOnlyList<string>> Commands,
    IReadOnlyList<AnnouncedLine> Announced, IReadOnlyList<WarningLine> Warnings, int ExitCode);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PortsReport))]
internal sealed partial class PortsJson : JsonSerializerContext;
