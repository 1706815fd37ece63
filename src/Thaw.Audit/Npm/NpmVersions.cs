using System.Text;
using System.Text.RegularExpressions;
using Thaw.Audit.Versions;

namespace Thaw.Audit.Npm;

/// <summary>Versions of packages in what npm, yarn, pnpm and bun write.</summary>
internal static partial class NpmVersions
{
    private const string Modules = "node_modules/";

    private static readonly string[] Sections = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

    /// <summary>What <c>package.json</c> lets in.</summary>
    public static IEnumerable<Declared> Manifest(ProjectFile file, IReadOnlySet<string> packages)
        => from found in JsonStrings.Read(Encoding.UTF8.GetBytes(file.Text), path => path is [var section, var name] && Sections.Contains(section) && packages.Contains(name))
           select new Declared(found.Path[1], found.Value, VersionRange.TryParseNpm(found.Value, out var range) ? range : default, file, found.Line);

    /// <summary>What is installed, by a lock file of any of the four.</summary>
    public static IEnumerable<Locked> Lock(ProjectFile file, IReadOnlySet<string> packages) => file.Name switch
    {
        "yarn.lock" => Yarn(file, packages),
        "pnpm-lock.yaml" or "bun.lock" => Pinned(file, packages),
        _ => PackageLock(file, packages),
    };

    private static IEnumerable<Locked> PackageLock(ProjectFile file, IReadOnlySet<string> packages)
        => from found in JsonStrings.Read(Encoding.UTF8.GetBytes(file.Text), path => path is [.., var package, "version"] && packages.Contains(NameOf(package)))
           where PackageVersion.TryParse(found.Value, out _)
           select new Locked(NameOf(found.Path[^2]), PackageVersion.Parse(found.Value), found.Value, file, found.Line);

    // Version 1 names the package, versions 2 and 3 the folder that it lies in.
    private static string NameOf(string package)
        => package.LastIndexOf(Modules, StringComparison.Ordinal) is >= 0 and var at ? package[(at + Modules.Length)..] : package;

    private static IEnumerable<Locked> Yarn(ProjectFile file, IReadOnlySet<string> packages)
    {
        string? package = null;
        foreach (var (line, number) in file.Lines())
        {
            if (line.Length > 0 && line[0] is not (' ' or '#'))
            {
                string name = line.TrimStart('"');
                package = packages.FirstOrDefault(p => name.StartsWith($"{p}@", StringComparison.Ordinal));
            }
            else if (package is not null && YarnVersion().Match(line) is { Success: true } match && PackageVersion.TryParse(match.Groups[1].Value, out var version))
            {
                yield return new Locked(package, version, match.Groups[1].Value, file, number);
                package = null;
            }
        }
    }

    private static IEnumerable<Locked> Pinned(ProjectFile file, IReadOnlySet<string> packages)
    {
        var seen = new HashSet<string>();
        foreach (var (line, number) in file.Lines())
        {
            foreach (string package in packages)
            {
                int at = line.IndexOf(package, StringComparison.Ordinal);
                if (at < 0 || PinnedVersion().Match(line[(at + package.Length)..]) is not { Success: true } match) continue;
                string text = match.Groups["version"].Value;
                if (PackageVersion.TryParse(text, out var version) && seen.Add($"{package}@{text}")) yield return new Locked(package, version, text, file, number);
            }
        }
    }

    [GeneratedRegex("""^\s+version:? "?([0-9][^"\s]*)""")]
    private static partial Regex YarnVersion();

    // name@1.2.3, /name/1.2.3 (old pnpm), "name": ["name@1.2.3" (bun): directly behind the name.
    [GeneratedRegex("""^[@/](?<version>\d+\.\d+\.\d+[^'":(\s,]*)|^": \["[^"]+@(?<version>\d+\.\d+\.\d+[^'":(\s,]*)""")]
    private static partial Regex PinnedVersion();
}
