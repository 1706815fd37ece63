using Thaw.Audit;
using Thaw.Audit.Known;

namespace Thaw.Tests.Audit;

/// <summary>A project's folder that is gone after the test.</summary>
internal sealed class TemporaryProject : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("thaw-audit-");

    public string Path => _folder.FullName;

    public static AuditReport Audit(params (string Path, string Text)[] files)
    {
        using var project = new TemporaryProject();
        foreach (var (path, text) in files) project.Write(path, text);
        return ProjectAudit.Run(project.Path, KnownHangs.Shipped);
    }

    public void Write(string path, string text)
    {
        string full = System.IO.Path.Combine(Path, path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
