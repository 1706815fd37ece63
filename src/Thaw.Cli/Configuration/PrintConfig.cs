using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Thaw.Cli.Configuration;

/// <summary><c>--print-config</c>, of every verb: what it would run with, and which file, variable or flag says so.</summary>
internal static class PrintConfig
{
    private const string Hidden = "(hidden)";

    public static readonly Option<bool> Option = new("--print-config")
    {
        Description = "Print every option's value and where it comes from, secrets hidden, and do nothing else.",
        Action = new Print(),
    };

    /// <summary>Of the verb that was called, in the order of its options.</summary>
    internal static ConfigReport Report(ParseResult parsed)
    {
        var verb = parsed.CommandResult.Command;
        EffectiveSetting[] settings = [.. verb.Options.Where(option => Setting.Of(option) is not null).Select(option => Effective(parsed, option))];
        return new ConfigReport(1, verb.Name, parsed.GetValue(ConfigOption.File)?.Path, settings);
    }

    internal static IEnumerable<string> Lines(ConfigReport report)
    {
        yield return report.ConfigFile is { } file ? $"thaw {report.Verb}, with {file}:" : $"thaw {report.Verb}, with no configuration file:";
        int key = report.Settings.Max(setting => setting.Key.Length), value = Math.Min(40, report.Settings.Max(setting => setting.Value.Length));
        foreach (var setting in report.Settings)
            yield return $"  {setting.Key.PadRight(key)}  {setting.Value.PadRight(value)}  {Describe(setting)}";
    }

    private static string Describe(EffectiveSetting setting) => setting.Line is { } line ? $"{setting.File}:{line}:{setting.Column}" : setting.Name.Length > 0 ? $"{setting.Origin} {setting.Name}" : setting.Origin;

    private static EffectiveSetting Effective(ParseResult parsed, Option option)
    {
        var setting = Setting.Of(option)!;
        var found = parsed.GetResult(option) is { Implicit: false } flag
            ? new Found(new Origin(OriginKind.Flag, option.Name), flag.Tokens is [] ? ["true"] : [.. flag.Tokens.Select(token => token.Value)])
            : Sources.Find(parsed.CommandResult, option);
        string value = found is null ? Show(parsed.GetResult(option)?.GetValueOrDefault<object>())
            : setting.IsSecret ? Hidden : found.Text;
        var origin = found?.Origin ?? Origin.Default;
        bool isInFile = origin.Kind is OriginKind.File or OriginKind.Conf;
        return new EffectiveSetting(
            Setting.KeyOf(option), value, NameOf(origin.Kind), isInFile ? "" : origin.Name,
            isInFile ? origin.Place.File : null, isInFile ? origin.Place.Line : null, isInFile ? origin.Place.Column : null);
    }

    private static string NameOf(OriginKind kind) => kind switch
    {
        OriginKind.Flag => "flag",
        OriginKind.Environment => "environment",
        OriginKind.File => "file",
        OriginKind.Conf => "turnserver.conf",
        _ => "default",
    };

    private static string Show(object? value) => value switch
    {
        null => "",
        string text => text,
        bool isOn => isOn ? "true" : "false",
        System.Collections.IEnumerable many => string.Join(',', many.Cast<object?>().Select(Show)),
        ITuple { Length: 2 } pair => $"{Show(pair[0])}-{Show(pair[1])}",
        Protocol.Peer.ConnectBudget => "", // the stages' own defaults
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private sealed class Print : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var report = Report(parseResult);
            bool isJson = parseResult.CommandResult.Command.Options.FirstOrDefault(option => option.Name is "--json") is Option<bool> json && parseResult.GetValue(json);
            if (isJson) Console.Out.WriteLine(JsonSerializer.Serialize(report, ConfigJson.Default.ConfigReport));
            else foreach (string line in Lines(report)) Console.Out.WriteLine(line);
            return ExitCode.Ok;
        }
    }
}

/// <summary>What <c>--print-config --json</c> prints.</summary>
internal sealed record ConfigReport(int SchemaVersion, string Verb, string? ConfigFile, IReadOnlyList<EffectiveSetting> Settings);

/// <param name="Origin">default, turnserver.conf, file, environment or flag.</param>
/// <param name="Name">The variable or the flag.</param>
internal sealed record EffectiveSetting(string Key, string Value, string Origin, string Name, string? File, int? Line, int? Column);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConfigReport))]
internal sealed partial class ConfigJson : JsonSerializerContext;
