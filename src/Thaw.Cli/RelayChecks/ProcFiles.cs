using System.Globalization;

namespace Thaw.Cli.RelayChecks;

/// <summary>Files of Linux that tell of the system; on others they are not there.</summary>
internal static class ProcFiles
{
    private const int MostCharacters = 4 * 1024 * 1024;
    private const int MostProcesses = 5_000;

    public static string? Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            char[] room = new char[4096];
            var text = new System.Text.StringBuilder();
            for (int length; text.Length < MostCharacters && (length = reader.ReadBlock(room)) > 0;) text.Append(room, 0, length);
            return text.ToString();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Looks through the processes that this user may see.</summary>
    public static string? OwnerOf(OpenPort port)
    {
        string link = $"socket:[{port.Inode}]";
        foreach (string process in Names("/proc", isFolders: true).Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _)).Take(MostProcesses))
        {
            foreach (string file in Names($"/proc/{process}/fd", isFolders: false))
                if (LinkOf($"/proc/{process}/fd/{file}") == link) return $"{Read($"/proc/{process}/comm")?.Trim() ?? "a process"} (pid {process})";
        }

        return null;
    }

    private static string[] Names(string folder, bool isFolders)
    {
        try
        {
            return [.. (isFolders ? Directory.EnumerateDirectories(folder) : Directory.EnumerateFiles(folder)).Select(path => Path.GetFileName(path))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
