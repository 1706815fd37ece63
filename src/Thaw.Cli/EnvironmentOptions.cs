using System.CommandLine;
using System.CommandLine.Parsing;

namespace Thaw.Cli;

/// <summary>An option may come from the environment; the flag wins.</summary>
internal static class EnvironmentOptions
{
    extension<T>(Option<T> option)
    {
        /// <summary>Takes the default from <paramref name="variable"/>; a value there that is wrong is a usage error.</summary>
        public Option<T> OrVariable(string variable, T otherwise, Func<string, (bool Ok, T Value)> parse)
        {
            option.Description += $" [env: {variable}]";
            option.DefaultValueFactory = result => System.Environment.GetEnvironmentVariable(variable) switch
            {
                null or "" => otherwise,
                var text when parse(text) is (true, var value) => value,
                var text => Wrong(result, $"{variable}={text} is not a value for {option.Name}.", otherwise),
            };
            return option;
        }
    }

    private static T Wrong<T>(SymbolResult result, string message, T otherwise)
    {
        result.AddError(message);
        return otherwise;
    }
}
