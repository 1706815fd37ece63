using System.Text.RegularExpressions;

namespace Thaw.Tests.Architecture;

/// <summary>C# source as data, for rules that the compiler does not know.</summary>
internal static partial class SourceText
{
    /// <summary>The code without comments and literals, so that prose and test data break no rule. Lines stay in place.</summary>
    public static string CodeOf(string path)
        => CommentOrLiteral().Replace(File.ReadAllText(path), match => new string('\n', match.Value.Count(c => c == '\n')));

    /// <summary><c>path:line</c> of every match in the C# files below <paramref name="folder"/>.</summary>
    public static IEnumerable<string> Find(string folder, Regex pattern)
        => from path in Repository.Files(folder, "*.cs")
           let code = CodeOf(path)
           from Match match in pattern.Matches(code)
           select $"{Repository.Name(path)}:{code.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value}";

    public static string Bullets(IEnumerable<string> offences) => string.Concat(offences.Select(offence => $"\n  - {offence}"));

    // Interpolation holes go with their literal: a rule broken only inside one is a price worth the simplicity.
    [GeneratedRegex("""
        //[^\n]* | /\*.*?\*/
        | (?<q>"{3,}).*?\k<q>                       # raw
        | (?:@\$?|\$@)"(?:[^"]|"")*"                # verbatim
        | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)+'
        """, RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex CommentOrLiteral();
}
