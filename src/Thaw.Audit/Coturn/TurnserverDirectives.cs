using System.Net;
using System.Net.Sockets;
using Thaw.Audit.Known;

namespace Thaw.Audit.Coturn;

/// <summary>What a coturn configuration file says, by line.</summary>
internal sealed class TurnserverDirectives
{
    private static readonly string[] Telling = ["listening-port", "realm", "external-ip", "use-auth-secret", "static-auth-secret", "lt-cred-mech", "min-port", "max-port", "relay-ip", "listening-ip", "fingerprint"];

    private readonly List<(string Name, string Value, int Line)> _directives = [];
    private readonly ProjectFile _file;

    private TurnserverDirectives(ProjectFile file) => _file = file;

    /// <summary>Null if the file, whatever its name, has next to nothing of coturn.</summary>
    public static TurnserverDirectives? TryRead(ProjectFile file)
    {
        var read = new TurnserverDirectives(file);
        foreach (var (line, number) in file.Lines())
        {
            string text = line.Trim();
            if (text.Length == 0 || text[0] is '#' or ';') continue;
            int end = text.IndexOfAny(['=', ' ', '\t']);
            string name = end < 0 ? text : text[..end];
            read._directives.Add((name, end < 0 ? "" : text[(end + 1)..].Trim().Trim('"'), number));
        }

        return read._directives.Count(d => Telling.Contains(d.Name)) >= 2 ? read : null;
    }

    public IEnumerable<Finding> Judge(IEnumerable<DirectiveRule> rules)
    {
        bool isPublic = _directives.Any(d => d.Name is "listening-ip" or "relay-ip" && IsPublic(d.Value));
        foreach (var rule in rules)
        {
            if (rule.BehindNat && isPublic) continue;
            if (!rule.Has.All(Any) || rule.Lacks.Any(Any)) continue;
            int line = rule.Has is [var first, ..] ? _directives.First(d => Is(d, first)).Line : _directives[0].Line;
            yield return rule.At(_file.Path, line, Masked(_file.LineAt(line)));
        }
    }

    private static string Masked(string line)
        => line.Contains("secret=", StringComparison.Ordinal) || line.TrimStart().StartsWith("user=", StringComparison.Ordinal) ? $"{line[..(line.IndexOf('=') + 1)]}…" : line;

    private bool Any(string wanted) => _directives.Any(d => Is(d, wanted));

    private static bool Is((string Name, string Value, int Line) directive, string wanted)
        => wanted.Split('=', 2) is [var name, var value] ? directive.Name == name && directive.Value == value : directive.Name == wanted;

    private static bool IsPublic(string value)
    {
        if (!IPAddress.TryParse(value, out var address)) return false;
        byte[] bytes = address.GetAddressBytes();
        if (address.AddressFamily is AddressFamily.InterNetworkV6) return (bytes[0] & 0xE0) == 0x20; // 2000::/3
        return bytes[0] is not (0 or 10 or 127) && !(bytes[0] == 172 && bytes[1] is >= 16 and <= 31) && !(bytes[0] == 192 && bytes[1] == 168)
            && !(bytes[0] == 169 && bytes[1] == 254) && !(bytes[0] == 100 && bytes[1] is >= 64 and <= 127);
    }
}
