namespace Thaw.Cli.Configuration;

/// <summary>A file that holds nothing but secrets: as containers and service managers hand them over.</summary>
internal static class SecretFile
{
    private const int MaxCharacters = 64 * 1024;

    /// <exception cref="ConfigException">It cannot be read, is empty, or is too much to be secrets.</exception>
    public static Found Read(string path, Origin origin)
    {
        try
        {
            using var reader = new StreamReader(path);
            char[] room = new char[MaxCharacters + 1];
            int length = reader.ReadBlock(room);
            string text = new string(room, 0, length).Trim();
            if (length > MaxCharacters) throw new ConfigException($"{origin.Name}: {path} is longer than {MaxCharacters / 1024} KiB");
            if (text.Length == 0) throw new ConfigException($"{origin.Name}: there is nothing in {path}");
            return new Found(origin, [text]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{origin.Name}: {e.Message}");
        }
    }
}
