using Thaw.Audit.Calls;
using Thaw.Audit.Coturn;
using Thaw.Audit.Known;
using Thaw.Audit.Npm;
using Thaw.Audit.Python;
using Thaw.Audit.Versions;

namespace Thaw.Audit;

/// <summary>
/// Reads the source of a web client and a backend for what is known to leave calls in "Connecting": old versions, calls
/// without ICE servers, a coturn configuration that announces nothing. Runs nothing and asks nobody.
/// </summary>
public static class ProjectAudit
{
    private static readonly string[] Scripts = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte", ".html"];
    private static readonly string[] PythonProjects = ["pyproject.toml", "setup.cfg", "setup.py", "Pipfile"];

    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static AuditReport Run(string folder, KnownHangs known)
    {
        var (files, leftOut) = ProjectFolder.Read(folder);
        Finding[] findings = [.. Packages(files, known), .. Sources(files, known), .. TurnServers(files, known)];
        return new AuditReport(
            [.. findings.OrderByDescending(f => f.Severity).ThenBy(f => f.File, StringComparer.Ordinal).ThenBy(f => f.Line).ThenBy(f => f.Rule, StringComparer.Ordinal)],
            files.Count, leftOut, Recognise(files, known));
    }

    private static IEnumerable<Finding> Packages(IReadOnlyList<ProjectFile> files, KnownHangs known)
    {
        var (locked, declared) = Versions(files, known);
        foreach (var rule in known.Packages)
        {
            var before = PackageVersion.Parse(rule.Before);
            foreach (var found in locked.Where(l => l.Package == rule.Package && l.Version < before))
                yield return rule.At(found.File.Path, found.Line, found.File.LineAt(found.Line), $"{rule.Title}: {found.Package} {found.Text} is installed, mended in {rule.Before}");

            foreach (var asked in declared.Where(d => d.Package == rule.Package && !locked.Any(l => l.Package == d.Package && l.File.IsAbove(d.File))))
            {
                if (asked.Range.IsAllBefore(before))
                    yield return rule.At(asked.File.Path, asked.Line, asked.File.LineAt(asked.Line), $"{rule.Title}: {asked.Package} {asked.Text} is asked for, mended in {rule.Before}");
                else if (asked.Range.MayBeBefore(before)) // no lock says what is installed
                    yield return rule.At(asked.File.Path, asked.Line, asked.File.LineAt(asked.Line), $"{rule.Title}: {asked.Package} {asked.Text} lets in versions before {rule.Before}") with { Severity = Severity.Warning };
            }
        }
    }

    private static (Locked[] Locked, Declared[] Declared) Versions(IReadOnlyList<ProjectFile> files, KnownHangs known)
    {
        var npm = known.Packages.Where(p => p.Registry is Registry.Npm).Select(p => p.Package).ToHashSet();
        var python = known.Packages.Where(p => p.Registry is Registry.PyPI).Select(p => p.Package).ToHashSet();
        var locked = new List<Locked>();
        var declared = new List<Declared>();
        foreach (var file in files)
        {
            if (file.Name is "package.json") declared.AddRange(NpmVersions.Manifest(file, npm));
            else if (PythonProjects.Contains(file.Name)) declared.AddRange(PythonVersions.Project(file, python));
            else if (file.Name.Contains("requirements", StringComparison.OrdinalIgnoreCase) || file.Name.Contains("constraints", StringComparison.OrdinalIgnoreCase))
                declared.AddRange(PythonVersions.Requirements(file, python));
            else if (ProjectFolder.IsLock(file.Name))
                locked.AddRange(file.Name is "uv.lock" or "poetry.lock" or "pdm.lock" or "Pipfile.lock" ? PythonVersions.Lock(file, python) : NpmVersions.Lock(file, npm));
        }

        return ([.. locked], [.. declared]);
    }

    private static IEnumerable<Finding> Sources(IReadOnlyList<ProjectFile> files, KnownHangs known)
    {
        foreach (var file in files)
        {
            if (LanguageOf(file) is not { } language) continue;
            foreach (var rule in known.Texts.Where(rule => rule.Language == language && file.Text.Contains(rule.Has, StringComparison.Ordinal)))
            {
                string code = SourceCalls.Blank(file.Text, language, keepStrings: true);
                int at = code.IndexOf(rule.Has, StringComparison.Ordinal);
                if (at >= 0 && !Excused(files, rule.UnlessProjectHas)) yield return rule.At(file.Path, file.LineOf(at), file.LineAt(file.LineOf(at)));
            }

            var calls = known.Calls.Where(rule => rule.Language == language && file.Text.Contains(rule.Call, StringComparison.Ordinal) && rule.FileHas.All(word => file.Text.Contains(word, StringComparison.Ordinal))).ToArray();
            if (calls is []) continue;
            string blanked = SourceCalls.Blank(file.Text, language, keepStrings: false);
            foreach (var rule in calls)
            {
                foreach (var call in SourceCalls.Find(blanked, rule.Call))
                {
                    if (Holds(rule.When, CallArguments.Find(call, rule)) && !Excused(files, rule.UnlessProjectHas))
                        yield return rule.At(file.Path, file.LineOf(call.Offset), file.LineAt(file.LineOf(call.Offset)));
                }
            }
        }
    }

    private static bool Holds(Presence when, string? value) => value is not null && when switch
    {
        Presence.Absent => value.Length == 0,
        Presence.Present => value.Length > 0,
        _ => value is "true" or "True",
    };

    private static bool Excused(IReadOnlyList<ProjectFile> files, IReadOnlyList<string> words)
        => words.Count > 0 && files.Any(file => !ProjectFolder.IsLock(file.Name) && words.Any(word => file.Text.Contains(word, StringComparison.Ordinal)));

    private static IEnumerable<Finding> TurnServers(IReadOnlyList<ProjectFile> files, KnownHangs known)
        => files.Where(file => file.Name.EndsWith(".conf", StringComparison.OrdinalIgnoreCase)).Select(TurnserverDirectives.TryRead).SelectMany(read => read?.Judge(known.Coturn) ?? []);

    private static Language? LanguageOf(ProjectFile file)
    {
        string extension = Path.GetExtension(file.Name);
        return extension is ".py" ? Language.Python : Scripts.Contains(extension) ? Language.JavaScript : null;
    }

    private static IReadOnlyList<string> Recognise(IReadOnlyList<ProjectFile> files, KnownHangs known)
    {
        var (locked, declared) = Versions(files, known);
        var all = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var found in locked) all.Add($"{found.Package} {found.Text} ({found.File.Path})");
        foreach (var asked in declared.Where(d => !locked.Any(l => l.Package == d.Package && l.File.IsAbove(d.File)))) all.Add($"{asked.Package} {(asked.Text.Length > 0 ? asked.Text : "of any version")} ({asked.File.Path})");
        foreach (var file in files)
        {
            if (file.Name.EndsWith(".conf", StringComparison.OrdinalIgnoreCase) && TurnserverDirectives.TryRead(file) is not null) all.Add($"coturn configuration ({file.Path})");
            if (LanguageOf(file) is { } language && known.Calls.Any(rule => rule.Language == language && file.Text.Contains($"{rule.Call}(", StringComparison.Ordinal))) all.Add($"calls ({file.Path})");
        }

        return [.. all];
    }
}
