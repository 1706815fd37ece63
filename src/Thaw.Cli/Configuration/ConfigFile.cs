using System.CommandLine;

namespace Thaw.Cli.Configuration;

/// <summary>
/// A configuration file: a section for each verb, in it a key for each option, named as the flag without its dashes. Keys
/// that no option has are refused when it is read, whichever verb runs.
/// </summary>
/// <param name="IsImplicit">Nobody named it: it was there.</param>
internal sealed record ConfigFile(string Path, bool IsImplicit, ConfigNode.Map Root)
{
    private const string FileSuffix = "file";

    /// <exception cref="ConfigException">It cannot be read, or has something in it that means nothing.</exception>
    public static ConfigFile Read(string path, bool isImplicit, Command tree)
    {
        string text;
        try
        {
            using var reader = new StreamReader(path);
            char[] room = new char[YamlTree.MaxCharacters + 1];
            text = new string(room, 0, reader.ReadBlock(room));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{path}: {e.Message}");
        }

        return Parse(path, text, isImplicit, tree);
    }

    /// <inheritdoc cref="Read"/>
    public static ConfigFile Parse(string path, string text, bool isImplicit, Command tree)
    {
        var file = new ConfigFile(path, isImplicit, YamlTree.Read(path, text));
        file.Check(tree);
        return file;
    }

    /// <summary>What the file says of an option of a verb: in the verb's own section, else in that of a verb that has the same option.</summary>
    public Found? Find(Option option, Command verb)
    {
        var top = TopOf(verb);
        var siblings = top.Parents.OfType<Command>().SelectMany(root => root.Subcommands).Where(other => other != top && OptionsOf(other).Contains(option));
        foreach (string name in siblings.Prepend(top).Select(command => command.Name))
        {
            if (Section(name) is not { } section) continue;
            foreach (var (key, value) in section.Members)
            {
                var setting = Setting.Of(option)!;
                if (Suggestion.Bare(key.Text) == Bare(option)) return Value(key, value, setting);
                if (setting.IsSecret && Suggestion.Bare(key.Text) == Bare(option) + FileSuffix && !Has(OptionsOf(top), key.Text)) return ValueFromFile(key, value);
            }
        }

        return null;
    }

    private static Found Value(ConfigNode.Scalar key, ConfigNode value, Setting setting)
    {
        var origin = OriginOf(key, value);
        bool isNested = value is ConfigNode.Map || value.AsTexts() is null;
        if (setting.ReadsJson && isNested) return new Found(origin, [value.AsJson()], IsSplit: true);
        return value.AsTexts(setting.IsSecret ? ':' : '=') is { } texts
            ? new Found(origin, texts, IsSplit: value is not ConfigNode.Scalar || setting.IsSecret)
            : throw new ConfigException(value.Place, $"\"{key.Text}\" takes a value or a list of values");
    }

    private static Found ValueFromFile(ConfigNode.Scalar key, ConfigNode value)
    {
        if (value is not ConfigNode.Scalar { Text: var path }) throw new ConfigException(value.Place, $"\"{key.Text}\" takes the name of a file");
        return SecretFile.Read(path, OriginOf(key, value));
    }

    private static Origin OriginOf(ConfigNode.Scalar key, ConfigNode value) => new(OriginKind.File, $"{value.Place}: {key.Text}", value.Place);

    private ConfigNode.Map? Section(string verb)
        => Root.Members.FirstOrDefault(member => Suggestion.Bare(member.Key.Text) == Suggestion.Bare(verb)).Value as ConfigNode.Map;

    private void Check(Command tree)
    {
        Command[] verbs = [.. tree.Subcommands.Where(verb => OptionsOf(verb).Any())];
        foreach (var (key, value) in Root.Members)
        {
            var verb = verbs.FirstOrDefault(verb => Suggestion.Bare(verb.Name) == Suggestion.Bare(key.Text)) ?? throw Unknown(key, verbs);
            if (value is ConfigNode.Scalar { IsNull: true }) continue;
            if (value is not ConfigNode.Map section) throw new ConfigException(value.Place, $"under \"{key.Text}\" stand the options of \"thaw {verb.Name}\", such as \"{Setting.KeyOf(OptionsOf(verb).First())}: …\"");
            CheckSection(verb, section, verbs);
        }
    }

    private static void CheckSection(Command verb, ConfigNode.Map section, Command[] verbs)
    {
        Option[] options = [.. OptionsOf(verb)];
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in section.Members)
        {
            string bare = Suggestion.Bare(key.Text);
            if (!seen.TryAdd(bare, key.Text)) throw new ConfigException(key.Place, $"\"{key.Text}\" and \"{seen[bare]}\" are the same key");
            bool isSecretFile = options.Any(option => Setting.Of(option)!.IsSecret && Bare(option) + FileSuffix == bare);
            if (!Has(options, key.Text) && !isSecretFile)
            {
                string elsewhere = string.Concat(verbs.Where(other => other != verb && Has(OptionsOf(other), key.Text)).Take(1).Select(other => $"; it belongs under \"{other.Name}\""));
                throw new ConfigException(key.Place, $"\"thaw {verb.Name}\" has no option \"{key.Text}\"{(elsewhere.Length > 0 ? elsewhere : Suggestion.For(key.Text, options.Select(Setting.KeyOf)))}");
            }

            if (value is ConfigNode.Scalar { IsNull: true }) throw new ConfigException(value.Place, $"\"{key.Text}\" has no value");
        }
    }

    private static ConfigException Unknown(ConfigNode.Scalar key, Command[] verbs)
    {
        var owner = verbs.FirstOrDefault(verb => Has(OptionsOf(verb), key.Text));
        return new ConfigException(key.Place, owner is not null
            ? $"\"{key.Text}\" belongs under \"{owner.Name}\", indented"
            : $"there is no section \"{key.Text}\"{Suggestion.For(key.Text, verbs.Select(verb => verb.Name))}; sections are {string.Join(", ", verbs.Select(verb => verb.Name))}");
    }

    /// <summary>Of a verb and the verbs below it: they share a section.</summary>
    internal static IEnumerable<Option> OptionsOf(Command verb)
        => verb.Options.Where(option => Setting.Of(option) is not null).Concat(verb.Subcommands.SelectMany(OptionsOf)).Distinct();

    private static Command TopOf(Command verb)
    {
        while (verb.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand) verb = parent;
        return verb;
    }

    private static bool Has(IEnumerable<Option> options, string key) => options.Any(option => Bare(option) == Suggestion.Bare(key));

    private static string Bare(Option option) => Suggestion.Bare(Setting.KeyOf(option));
}
