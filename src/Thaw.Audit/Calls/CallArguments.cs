using Thaw.Audit.Known;

namespace Thaw.Audit.Calls;

/// <summary>What a call is given under a name. Null where it cannot be told: then nobody is blamed.</summary>
internal static class CallArguments
{
    /// <returns>The value's text, empty if it is absent, null if it cannot be seen.</returns>
    public static string? Find(SourceCall call, CallRule rule)
        => rule.Language is Language.Python ? FindKeyword(call.Arguments, rule) : FindMember(call.Arguments, rule.Argument);

    private static string? FindMember(string arguments, string name)
    {
        if (SourceCalls.Split(arguments).FirstOrDefault() is not { } first) return "";
        if (first is not ['{', .., '}']) return null; // a variable, a call
        bool hasSpread = false;
        foreach (string member in SourceCalls.Split(first[1..^1]))
        {
            hasSpread |= member.StartsWith("...", StringComparison.Ordinal);
            if (member == name) return name; // shorthand
            if (member.IndexOf(':') is > 0 and var colon && member[..colon].Trim() == name) return member[(colon + 1)..].Trim();
            if (member.StartsWith(name, StringComparison.Ordinal) && member.Length > name.Length && member[name.Length] is '(' or ' ') return member;
        }

        return hasSpread ? null : "";
    }

    private static string? FindKeyword(string arguments, CallRule rule)
    {
        bool isHidden = false;
        int place = 0;
        foreach (string argument in SourceCalls.Split(arguments))
        {
            int equals = argument.IndexOf('=');
            bool isKeyword = equals > 0 && argument[..equals].Trim().All(c => char.IsLetterOrDigit(c) || c is '_') && (equals + 1 >= argument.Length || argument[equals + 1] is not '=');
            if (isKeyword && argument[..equals].Trim() == rule.Argument) return argument[(equals + 1)..].Trim();
            if (argument[0] is '*') isHidden = true;
            else if (!isKeyword && place == 0 && rule.MayBeFirst) return argument;
            place++;
        }

        return isHidden ? null : "";
    }
}
