namespace Thaw.Tests;

/// <summary>The working tree that the tests were built from: recorded data, corpora, and the sources as data.</summary>
internal static class Repository
{
    private static readonly string[] NotOurs = [".git", "artifacts", "bin", "obj", "node_modules", "TestResults"];

    public static string Root { get; } = FindRoot();

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Relative path with forward slashes, as messages show it.</summary>
    public static string Name(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>Every file below <paramref name="folder"/> that is ours: no build output, no packages, no git.</summary>
    public static IEnumerable<string> Files(string folder, string pattern = "*")
    {
        string path = PathOf(folder);
        if (!Directory.Exists(path)) return [];
        return Directory.EnumerateFiles(path, pattern)
            .Where(file => !NotOurs.Contains(Path.GetFileName(file))) // in a linked work tree .git is a file
            .Concat(Directory.EnumerateDirectories(path)
                .Where(sub => !NotOurs.Contains(Path.GetFileName(sub)))
                .SelectMany(sub => Files(Path.GetRelativePath(Root, sub), pattern)));
    }

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Thaw.slnx"))) return at.FullName;
        throw new InvalidOperationException("Run the tests from inside the repository: Thaw.slnx is in no folder above the test binary.");
    }
}
