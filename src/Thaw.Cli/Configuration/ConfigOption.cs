using System.CommandLine;
using System.CommandLine.Parsing;

namespace Thaw.Cli.Configuration;

/// <summary>The option <c>--config</c>, and the search for what it names.</summary>
internal static class ConfigOption
{
    public const string Variable = "THAW_CONFIG";
    private const string UsualName = "thaw.yaml";

    public static readonly Option<ConfigFile?> File = new("--config")
    {
        Description = $"YAML file with options; ./{UsualName} without it, if there is one. Flags and variables win over it. [env: {Variable}]",
        HelpName = "file",
        CustomParser = result => Read(result, result.Tokens[0].Value, isImplicit: false),
        DefaultValueFactory = result => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? Read(result, named, isImplicit: false)
            : System.IO.File.Exists(UsualName) ? Read(result, UsualName, isImplicit: true) : null,
    };

    /// <summary>To every verb below, before its own options: theirs are looked up in it.</summary>
    public static void AddTo(Command tree)
    {
        foreach (var verb in tree.Subcommands)
        {
            verb.Options.Insert(0, File);
            verb.Options.Add(PrintConfig.Option);
            AddTo(verb);
        }
    }

    /// <summary>The same command line, with what files and the environment say now. Errors are in the result, as at the start.</summary>
    public static ParseResult Again(ParseResult parsed)
    {
        var words = new List<string>();
        TokenType? before = null;
        foreach (var token in parsed.Tokens)
        {
            // A value that begins with a dash came behind a "=".
            if (before is TokenType.Option && token.Type is TokenType.Argument) words[^1] += $"={token.Value}";
            else words.Add(token.Value);
            before = token.Type;
        }

        return parsed.RootCommandResult.Command.Parse(words);
    }

    private static ConfigFile? Read(ArgumentResult result, string path, bool isImplicit)
    {
        try
        {
            return Sources.CommandOf(result) is { } verb ? ConfigFile.Read(path, isImplicit, verb.TreeOf()) : null;
        }
        catch (ConfigException e)
        {
            result.AddError(e.Message);
            return null;
        }
    }

    private static Command TreeOf(this Command command)
    {
        while (command.Parents.OfType<Command>().FirstOrDefault() is { } parent) command = parent;
        return command;
    }
}
