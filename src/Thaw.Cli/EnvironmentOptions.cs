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

    extension<T>(Option<T[]> option)
    {
        /// <summary>For values with secrets: what is wrong with them the parser says itself, and nothing else quotes them.</summary>
        public Option<T[]> OrSecretVariable(string[] variables, Func<string, (IReadOnlyList<T> Values, string Error)> parse)
        {
            option.Description += $" [env: {string.Join(", ", variables)}]";
            option.CustomParser = result => [.. result.Tokens.SelectMany(token => Parse(result, option.Name, token.Value, parse))];
            option.DefaultValueFactory = result =>
            {
                string? set = Array.Find(variables, name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });
                return set is null ? [] : [.. Parse(result, set, Environment.GetEnvironmentVariable(set)!, parse)];
            };
            return option;
        }
    }

    private static IReadOnlyList<T> Parse<T>(SymbolResult result, string name, string text, Func<string, (IReadOnlyList<T> Values, string Error)> parse)
    {
        var (values, error) = parse(text);
        if (error.Length > 0) result.AddError($"{name}: {error}.");
        return values;
    }

    private static T Parse<T>(SymbolResult result, string name, string text, string expected, Func<string, (bool Ok, T Value)> parse)
    {
        var (ok, value) = parse(text);
        if (!ok) result.AddError($"{name} takes {expected}, not \"{text}\".");
        return value;
    }
}
