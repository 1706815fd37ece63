using System.CommandLine;
using Thaw.Diagnosis.Causes;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw causes [ID]</c>: the catalogue of reasons why calls hang, each with its fix.</summary>
internal static class Causes
{
    private static readonly Argument<string?> Id = new("id") { Description = "One cause, as a verdict names it.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> Json = new Option<bool>("--json") { Description = "Print JSON." }.OrVariable("THAW_CAUSES_JSON");

    public static Command Command()
    {
        var command = new Command("causes", "List why calls hang on \"Connecting\", or explain one reason and its fix.") { Id, Json };
        command.SetAction(parsed => Run(parsed.GetValue(Id), parsed.GetValue(Json)));
        return command;
    }

    private static int Run(string? id, bool isJson)
    {
        if (id is not null && Catalogue.Find(id) is null)
        {
            string[] near = [.. Catalogue.All.Where(cause => id.Split('-').Any(part => part.Length > 2 && cause.Id.Contains(part, StringComparison.OrdinalIgnoreCase))).Select(cause => cause.Id).Take(5)];
            Console.Error.WriteLine($"thaw: there is no cause {id}.{(near is [] ? "" : $" Did you mean {string.Join(", ", near)}?")}");
            return ExitCode.Usage;
        }

        List<Cause> shown = [.. Catalogue.All.Where(cause => id is null || cause.Id == id)];
        if (isJson) Console.Out.WriteLine(Catalogue.Json(shown));
        else foreach (string line in id is null ? List(shown) : Describe(shown[0])) Console.Out.WriteLine(line);
        return ExitCode.Ok;
    }

    internal static IEnumerable<string> List(IReadOnlyList<Cause> causes)
    {
        int width = causes.Max(cause => cause.Id.Length);
        foreach (var layer in causes.GroupBy(cause => cause.Layer))
        {
            yield return $"{layer.Key.ToString().ToLowerInvariant()}:";
            foreach (var cause in layer) yield return $"  {cause.Id.PadRight(width)}  {cause.Title}";
        }
    }

    internal static IEnumerable<string> Describe(Cause cause)
    {
        yield return $"{cause.Title} [{cause.Id}]";
        yield return cause.Explanation;
        if (cause.Refines is { } general) yield return $"A case of {general}.";
        foreach (var fix in cause.Fixes)
        {
            yield return $"- {RoleName(fix.Who)}: {fix.Do}";
            foreach (string line in (fix.Snippet ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)) yield return $"    {line}";
        }

        yield return $"Check: {cause.Verify}";
        foreach (string source in cause.Sources) yield return $"See: {source}";
    }

    internal static string RoleName(Role role) => role switch { Role.Person => "you, at the browser", Role.Developer => "app developer", Role.ServerAdmin => "server admin", _ => "network admin" };
}
