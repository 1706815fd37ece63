using System.Text;

namespace Thaw.Audit;

/// <summary>The files of a project that may matter: its own, not those that its tools fetched or made.</summary>
internal static class ProjectFolder
{
    private const int MaxFiles = 20_000;
    private const int MaxDepth = 24;
    private const long MaxSource = 1 << 20;
    private const long MaxLock = 64 << 20;

    private static readonly HashSet<string> Skipped = new(StringComparer.OrdinalIgnoreCase)
    {
        "node_modules", ".git", ".hg", ".svn", "venv", ".venv", "env", "__pycache__", "site-packages", "dist", "build", "out", "target", "vendor", "bower_components",
        ".next", ".nuxt", ".svelte-kit", ".turbo", ".cache", ".tox", ".mypy_cache", ".pytest_cache", "coverage", "bin", "obj",
    };

    private static readonly HashSet<string> Locks = new(StringComparer.Ordinal)
    {
        "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock",
    };

    // Where settings of a project may be: words that excuse a finding are looked for in them too.
    private static readonly HashSet<string> Readable = new(StringComparer.OrdinalIgnoreCase)
    {
        ".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte", ".html", ".py", ".toml", ".cfg", ".txt", ".in", ".conf", ".json",
        ".yaml", ".yml", ".sh", ".env", ".service",
    };

    public static bool IsLock(string name) => Locks.Contains(name);

    /// <exception cref="IOException">The folder itself cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static (IReadOnlyList<ProjectFile> Files, IReadOnlyList<string> LeftOut) Read(string folder)
    {
        var files = new List<ProjectFile>();
        var leftOut = new List<string>();
        var waiting = new Stack<(string Path, int Depth)>([(folder, 0)]);
        int seen = 0;
        while (waiting.TryPop(out var at))
        {
            FileSystemInfo[] entries;
            try
            {
                entries = [.. new DirectoryInfo(at.Path).EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal)];
            }
            catch (Exception e) when (at.Depth > 0 && e is IOException or UnauthorizedAccessException)
            {
                leftOut.Add($"{Relative(folder, at.Path)}: {e.Message}");
                continue;
            }

            foreach (var entry in entries)
            {
                if (entry.LinkTarget is not null) continue; // it may lead anywhere, also in a circle
                if (entry is DirectoryInfo)
                {
                    if (Skipped.Contains(entry.Name)) continue;
                    if (at.Depth < MaxDepth) waiting.Push((entry.FullName, at.Depth + 1));
                    else leftOut.Add($"{Relative(folder, entry.FullName)}: too deep");
                }
                else if (IsReadable(entry.Name) && ++seen <= MaxFiles && TryRead(folder, (FileInfo)entry, leftOut) is { } file)
                {
                    files.Add(file);
                }
            }
        }

        if (seen > MaxFiles) leftOut.Add($"{seen - MaxFiles} files: more than {MaxFiles}");
        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return (files, leftOut);
    }

    private static bool IsReadable(string name)
        => Locks.Contains(name) || Readable.Contains(Path.GetExtension(name)) || name.StartsWith(".env", StringComparison.Ordinal) || name is "Dockerfile" or "Procfile" or "Makefile" or "Pipfile";

    private static ProjectFile? TryRead(string folder, FileInfo file, List<string> leftOut)
    {
        string path = Relative(folder, file.FullName);
        if (file.Length > (Locks.Contains(file.Name) ? MaxLock : MaxSource))
        {
            leftOut.Add($"{path}: too large ({file.Length >> 20} MiB)");
            return null;
        }

        try
        {
            return new ProjectFile(path, File.ReadAllText(file.FullName, Encoding.UTF8));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            leftOut.Add($"{path}: {e.Message}");
            return null;
        }
    }

    private static string Relative(string folder, string path) => Path.GetRelativePath(folder, path).Replace('\\', '/');
}
