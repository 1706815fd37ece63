using System.Text;
using System.Text.RegularExpressions;
using Thaw.Audit.Npm;
using Thaw.Audit.Versions;

namespace Thaw.Audit.Python;

/// <summary>Versions of packages in what pip, uv, Poetry, PDM and pipenv write.</summary>
internal static partial class PythonVersions
{
    /// <summary>requirements.txt and its like; <c>==</c> is a lock, whatever the file is called.</summary>
    public static IEnumerable<Declared> Requirements(ProjectFile file, IReadOnlySet<string> packages)
    {
        foreach (var (line, number) in file.Lines())
        {
            if (Requirement().Match(line) is { Success: true } match && Declare(match, file, number, packages) is { } declared) yield return declared;
        }
    }

    /// <summary>pyproject.toml: strings of PEP 621 and 735, and Poetry's table. Also setup.cfg and setup.py, which have the same strings.</summary>
    public static IEnumerable<Declared> Project(ProjectFile file, IReadOnlySet<string> packages)
    {
        foreach (var (line, number) in file.Lines())
        {
            foreach (Match match in QuotedRequirement().Matches(line))
            {
                if (Declare(match, file, number, packages) is { } declared) yield return declared;
            }

            if (PoetryLine().Match(line) is { Success: true } poetry && Declare(poetry, file, number, packages) is { } table) yield return table;
        }
    }

    public static IEnumerable<Locked> Lock(ProjectFile file, IReadOnlySet<string> packages) => file.Name is "Pipfile.lock" ? Pipfile(file, packages) : Toml(file, packages);

    // uv.lock, poetry.lock, pdm.lock: a table for each package, its name first.
    private static IEnumerable<Locked> Toml(ProjectFile file, IReadOnlySet<string> packages)
    {
        string? package = null;
        foreach (var (line, number) in file.Lines())
        {
            if (line.StartsWith("[[", StringComparison.Ordinal)) package = null;
            else if (TomlName().Match(line) is { Success: true } name) package = packages.Contains(Normal(name.Groups[1].Value)) ? Normal(name.Groups[1].Value) : null;
            else if (package is not null && TomlVersion().Match(line) is { Success: true } match && PackageVersion.TryParse(match.Groups[1].Value, out var version))
            {
                yield return new Locked(package, version, match.Groups[1].Value, file, number);
                package = null;
            }
        }
    }

    private static IEnumerable<Locked> Pipfile(ProjectFile file, IReadOnlySet<string> packages)
        => from found in JsonStrings.Read(Encoding.UTF8.GetBytes(file.Text), path => path is [_, var name, "version"] && packages.Contains(Normal(name)))
           let text = found.Value.TrimStart('=')
           where PackageVersion.TryParse(text, out _)
           select new Locked(Normal(found.Path[1]), PackageVersion.Parse(text), text, file, found.Line);

    private static Declared? Declare(Match match, ProjectFile file, int line, IReadOnlySet<string> packages)
    {
        string name = Normal(match.Groups["name"].Value), text = match.Groups["range"].Value.Trim();
        if (!packages.Contains(name)) return null;
        return new Declared(name, text, VersionRange.TryParsePython(text, out var range) ? range : default, file, line);
    }

    /// <summary>PEP 503: Pipecat_AI is pipecat-ai.</summary>
    private static string Normal(string name) => Separators().Replace(name, "-").ToLowerInvariant();

    [GeneratedRegex("[-_.]+")]
    private static partial Regex Separators();

    [GeneratedRegex("""^\s*(?<name>[A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*\(?(?<range>[=<>!~][^;#)]*)?""")]
    private static partial Regex Requirement();

    [GeneratedRegex("""["'](?<name>[A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*\(?(?<range>([=<>!~]=?=?\s*[^;"'\s),]+\s*,?\s*)*)\)?\s*(;[^"']*)?["']""")]
    private static partial Regex QuotedRequirement();

    [GeneratedRegex("""^\s*"?(?<name>[A-Za-z0-9][\w.-]*)"?\s*=\s*(\{.*?version\s*=\s*)?["'](?<range>[\^~=<>!*\d][^"']*)["']""")]
    private static partial Regex PoetryLine();

    [GeneratedRegex("""^name = "([^"]+)""")]
    private static partial Regex TomlName();

    [GeneratedRegex("""^version = "([^"]+)""")]
    private static partial Regex TomlVersion();
}
