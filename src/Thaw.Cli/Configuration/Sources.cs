using System.CommandLine;
using System.CommandLine.Parsing;
using Thaw.Cli.Coturn;

namespace Thaw.Cli.Configuration;

/// <summary>Where the values of options come from, the first of these that has one: flag, environment, file, coturn's file, default.</summary>
internal static class Sources
{
    private const string FileSuffix = "_FILE";

    /// <summary>A value from outside of the command line.</summary>
    /// <param name="at">The option's result, or that of its verb.</param>
    /// <exception cref="ConfigException">There is one, and it cannot be read.</exception>
    public static Found? Find(SymbolResult at, Option option)
    {
        var verb = CommandOf(at); // null: a help page asks what the default is
        var setting = Setting.Of(option)!;
        foreach (string variable in setting.Variables)
        {
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text) return new Found(new Origin(OriginKind.Environment, variable), [text]);
            if (setting.IsSecret && !IsTaken(verb, variable + FileSuffix) && Environment.GetEnvironmentVariable(variable + FileSuffix) is { Length: > 0 } path)
                return SecretFile.Read(path, new Origin(OriginKind.Environment, variable + FileSuffix));
        }

        if (verb is null) return null;
        if (ValueOf(at, ConfigOption.File)?.Find(option, verb) is { } configured) return configured;
        return option == TurnserverConf.Option ? null : ValueOf(at, TurnserverConf.Option)?.Find(option); // it does not name itself
    }

    public static Origin OriginOf(ParseResult parsed, Option option)
        => parsed.GetResult(option) is { Implicit: false } ? new Origin(OriginKind.Flag, option.Name) : Find(parsed.CommandResult, option)?.Origin ?? Origin.Default;

    /// <summary>A setting's values as they were written, wherever that is; empty where it was not.</summary>
    public static IEnumerable<(string Name, string Text)> TextsOf(ParseResult parsed, Option option)
        => parsed.GetResult(option) is { Implicit: false } flag ? flag.Tokens.Select(token => (option.Name, token.Value))
            : Find(parsed.CommandResult, option) is { } found ? found.Texts.Select(text => (found.Origin.Name, text)) : [];

    public static Command? CommandOf(SymbolResult? at)
    {
        while (at is not (CommandResult or null)) at = at.Parent;
        return (at as CommandResult)?.Command;
    }

    // A file that cannot be used has told its error; the options then have their defaults.
    private static T? ValueOf<T>(SymbolResult at, Option<T> option) where T : class?
        => at.GetResult(option) is { } result && !result.Errors.Any() ? result.GetValueOrDefault<T>() : null;

    // By an option of its own, such as --auth-secret-file.
    private static bool IsTaken(Command? verb, string variable)
        => verb is not null && ConfigFile.OptionsOf(verb).Any(option => Setting.Of(option)!.Variables.Contains(variable));
}
