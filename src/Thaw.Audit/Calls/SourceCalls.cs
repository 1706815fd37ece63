using Thaw.Audit.Known;

namespace Thaw.Audit.Calls;

/// <param name="Offset">Of the name in the text.</param>
/// <param name="Arguments">What stands between the parentheses, comments blanked out.</param>
internal readonly record struct SourceCall(int Offset, string Arguments);

/// <summary>Finds calls in source text without a parser of the language: comments and strings are known, nothing else.</summary>
internal static class SourceCalls
{
    private const int LongestCall = 20_000;

    /// <summary>The text with comments and the insides of strings blanked out, offsets unchanged.</summary>
    /// <param name="keepStrings">Leave strings as they are, but for comments in them: there are none.</param>
    public static string Blank(string text, Language language, bool keepStrings)
    {
        char[] code = text.ToCharArray();
        int at = 0;
        while (at < code.Length)
        {
            if (language is Language.Python ? code[at] is '#' : StartsWith(code, at, "//")) at = Wipe(code, at, EndOfLine(code, at));
            else if (language is Language.JavaScript && StartsWith(code, at, "/*")) at = Wipe(code, at, After(code, at + 2, "*/"));
            else if (code[at] is '"' or '\'' || (language is Language.JavaScript && code[at] is '`')) at = SkipString(code, at, language, keepStrings);
            else at++;
        }

        return new string(code);
    }

    /// <summary>Every call of <paramref name="name"/> in blanked code.</summary>
    public static IEnumerable<SourceCall> Find(string code, string name)
    {
        for (int at = code.IndexOf(name, StringComparison.Ordinal); at >= 0; at = code.IndexOf(name, at + name.Length, StringComparison.Ordinal))
        {
            if (at > 0 && (IsWord(code[at - 1]) || IsDefinition(code, at))) continue;
            int open = at + name.Length;
            if (open < code.Length && code[open] is '<') open = AfterBalanced(code, open, '<', '>'); // type arguments
            while (open < code.Length && char.IsWhiteSpace(code[open])) open++;
            if (open >= code.Length || code[open] is not '(') continue;
            int end = AfterBalanced(code, open, '(', ')');
            if (end < code.Length || code[end - 1] is ')') yield return new SourceCall(at, code[(open + 1)..(end - 1)]);
        }
    }

    /// <summary>Splits at the commas that are in no bracket.</summary>
    public static IEnumerable<string> Split(string arguments)
    {
        int depth = 0, start = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            depth += arguments[i] is '(' or '[' or '{' ? 1 : arguments[i] is ')' or ']' or '}' ? -1 : 0;
            if (arguments[i] is not ',' || depth > 0) continue;
            yield return arguments[start..i].Trim();
            start = i + 1;
        }

        if (arguments[start..].Trim() is { Length: > 0 } last) yield return last;
    }

    private static bool IsDefinition(string code, int at)
    {
        var before = code.AsSpan(0, at).TrimEnd();
        return before.EndsWith("class") || before.EndsWith("def") || before.EndsWith("function");
    }

    private static int AfterBalanced(string code, int at, char open, char close)
    {
        int depth = 0, last = Math.Min(code.Length, at + LongestCall);
        for (; at < last; at++)
        {
            if (code[at] == open) depth++;
            else if (code[at] == close && --depth == 0) return at + 1;
        }

        return at;
    }

    private static int SkipString(char[] code, int at, Language language, bool keep)
    {
        char quote = code[at];
        if (language is Language.Python && StartsWith(code, at, new string(quote, 3)))
        {
            int end = After(code, at + 3, new string(quote, 3));
            return keep ? end : Wipe(code, at + 3, Math.Max(at + 3, end - 3)) + 3;
        }

        int i = at + 1;
        while (i < code.Length && code[i] != quote && (quote is '`' || code[i] is not '\n'))
        {
            int width = code[i] is '\\' ? 2 : 1;
            for (int j = i; j < Math.Min(i + width, code.Length) && !keep; j++) if (code[j] is not '\n') code[j] = ' ';
            i += width;
        }

        return Math.Min(i + 1, code.Length);
    }

    private static int Wipe(char[] code, int from, int to)
    {
        for (int i = from; i < to; i++) if (code[i] is not '\n') code[i] = ' ';
        return to;
    }

    private static int EndOfLine(char[] code, int at) => Array.IndexOf(code, '\n', at) is >= 0 and var end ? end : code.Length;

    private static int After(char[] code, int at, string text)
    {
        if (at >= code.Length) return code.Length;
        int found = code.AsSpan(at).IndexOf(text);
        return found < 0 ? code.Length : at + found + text.Length;
    }

    private static bool StartsWith(char[] code, int at, string text) => code.AsSpan(at).StartsWith(text);

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$';
}
