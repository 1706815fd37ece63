using Thaw.Audit.Versions;

namespace Thaw.Audit;

/// <param name="Path">From the audited folder, with slashes.</param>
internal sealed record ProjectFile(string Path, string Text)
{
    public string Name { get; } = System.IO.Path.GetFileName(Path);

    /// <summary>Empty for the audited folder itself.</summary>
    public string Folder { get; } = (System.IO.Path.GetDirectoryName(Path) ?? "").Replace('\\', '/');

    public IEnumerable<(string Text, int Number)> Lines()
    {
        using var reader = new StringReader(Text);
        for (int number = 1; reader.ReadLine() is { } line; number++) yield return (line, number);
    }

    public string LineAt(int number) => Lines().FirstOrDefault(line => line.Number == number).Text ?? "";

    public int LineOf(int offset) => 1 + Text.AsSpan(0, offset).Count('\n');

    /// <summary>True where a lock in this folder or above it speaks for <paramref name="other"/> too.</summary>
    public bool IsAbove(ProjectFile other) => Folder.Length == 0 || other.Folder == Folder || other.Folder.StartsWith($"{Folder}/", StringComparison.Ordinal);
}

/// <summary>What a manifest asks for.</summary>
internal sealed record Declared(string Package, string Text, VersionRange Range, ProjectFile File, int Line);

/// <summary>What a lock file says is installed.</summary>
internal sealed record Locked(string Package, PackageVersion Version, string Text, ProjectFile File, int Line);
