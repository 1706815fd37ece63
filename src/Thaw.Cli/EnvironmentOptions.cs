using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Thaw.Cli.Configuration;

namespace Thaw.Cli;

/// <summary>
/// An option may also come from the environment or from a file, where its key is its name; the flag wins. A wrong value in
/// any is a usage error.
/// </summary>
internal static class EnvironmentOptions
{
    private static readonly string[] Yes = ["true", "yes", "on", "1"], No = ["false", "no", "off", "0"];

    extension<T>(Option<T> option)
    {
        /// <param name="expected">What a value is, for the error message.</param>
        public Option<T> OrVariable(string variable, T otherwise, string expected, Func<string, (bool Ok, T Value)> parse)
        {
            Declare(option, [variable], isSecret: false);
            option.CustomParser = result => Parse(result, option.Name, string.Join(',', result.Tokens.Select(token => token.Value)), expected, parse);
            option.DefaultValueFactory = result => Find(result, option) is { } found ? Parse(result, found.Origin.Name, found.Text, expected, parse) : otherwise;
            return option;
        }
    }

    extension(Option<bool> option)
    {
        /// <summary>A switch: there or not as a flag, true or false elsewhere.</summary>
        public Option<bool> OrVariable(string variable)
        {
            const string expected = "true or false";
            Declare(option, [variable], isSecret: false);
            option.CustomParser = result => result.Tokens is [] || Parse(result, option.Name, result.Tokens[0].Value, expected, Switch);
            option.DefaultValueFactory = result => Find(result, option) is { } found && Parse(result, found.Origin.Name, found.Text, expected, Switch);
            return option;
        }
    }

    extension<T>(Option<T[]> option)
    {
        /// <summary>For values with secrets: what is wrong with them the parser says itself, and nothing else quotes them.</summary>
        /// <param name="judge">The verb that says at length what is wrong with them, and goes on.</param>
        public Option<T[]> OrSecretVariable(string[] variables, Func<string, (IReadOnlyList<T> Values, string Error)> parse, string? judge = null)
        {
            Declare(option, variables, isSecret: true, readsJson: true);
            option.CustomParser = result => [.. result.Tokens.SelectMany(token => Parse(result, option.Name, token.Value, parse, judge))];
            option.DefaultValueFactory = result => Find(result, option) is { } found
                ? [.. found.Texts.SelectMany(text => Parse(result, found.Origin.Name, text, parse, judge))]
                : [];
            return option;
        }

        /// <summary>
        /// A list of secrets. A flag, an item of a list and a line of a file is one, whatever is in it; a variable has
        /// several between commas or spaces.
        /// </summary>
        public Option<T[]> OrSecrets(string variable, string expected, Func<string, (bool Ok, T Value)> parse)
        {
            Declare(option, [variable], isSecret: true);
            option.CustomParser = result => Each(result, option.Name, result.Tokens.Select(token => token.Value));
            option.DefaultValueFactory = result => Find(result, option) is not { } found ? []
                : Each(result, found.Origin.Name, found.IsSplit ? found.Texts : found.Text.Split([',', ' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
            return option;

            T[] Each(ArgumentResult result, string name, IEnumerable<string> texts)
            {
                var parsed = texts.Select(parse).ToArray();
                if (!Array.TrueForAll(parsed, one => one.Ok)) result.AddError($"{name} takes {expected}; something else was given.");
                return [.. parsed.Select(one => one.Value)];
            }
        }
    }

    private static void Declare(Option option, string[] variables, bool isSecret, bool readsJson = false)
    {
        Setting.Declare(option, new Setting(variables, isSecret, readsJson));
        option.Description += $" [env: {string.Join(", ", variables)}]";
    }

    private static Found? Find(ArgumentResult result, Option option)
    {
        try
        {
            return Sources.Find(result, option);
        }
        catch (ConfigException e)
        {
            result.AddError(e.Message);
            return null;
        }
    }

    private static (bool, bool) Switch(string text)
        => (Yes.Concat(No).Contains(text, StringComparer.OrdinalIgnoreCase), Yes.Contains(text, StringComparer.OrdinalIgnoreCase));

    private static IReadOnlyList<T> Parse<T>(SymbolResult result, string name, string text, Func<string, (IReadOnlyList<T> Values, string Error)> parse, string? judge)
    {
        var (values, error) = parse(text);
        if (error.Length > 0 && (judge is null || Sources.CommandOf(result)?.Name != judge)) result.AddError($"{name}: {error}.");
        return values;
    }

    private static T Parse<T>(SymbolResult result, string name, string text, string expected, Func<string, (bool Ok, T Value)> parse)
    {
        var (ok, value) = parse(text);
        if (!ok) result.AddError($"{name} takes {expected}, not \"{text}\".");
        return value;
    }

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>, for an option's parser.</summary>
    public static (bool Ok, int Value) Number(string text, int least, int most)
        => (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most, value);
}
