using System.CommandLine;
using System.CommandLine.Parsing;

namespace Thaw.Cli;

/// <summary>An option may also come from the environment; the flag wins. A wrong value in either is a usage error.</summary>
internal static class EnvironmentOptions
{
    extension<T>(Option<T> option)
    {
        /// <param name="expected">What a value is, for the error message.</param>
        public Option<T> OrVariable(string variable, T otherwise, string expected, Func<string, (bool Ok, T Value)> parse)
        {
            option.Description += $" [env: {variable}]";
            option.CustomParser = result => Parse(result, option.Name, string.Join(',', result.Tokens.Select(token => token.Value)), expected, parse);
            option.DefaultValueFactory = result => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
                ? Parse(result, variable, text, expected, parse)
                : otherwise;
            return option;
        }
    }

    private static T Parse<T>(SymbolResult result, string name, string text, string expected, Func<string, (bool Ok, T Value)> parse)
    {
        var (ok, value) = parse(text);
        if (!ok) result.AddError($"{name} takes {expected}, not \"{text}\".");
        return value;
    }
}
