using System.CommandLine;
using System.CommandLine.Parsing;
using Thaw.Cli.Configuration;

namespace Thaw.Cli.Coturn;

/// <summary>A configuration file of coturn's, as our options; flags, the environment and thaw.yaml win over it.</summary>
internal sealed record TurnserverConf(string Path, IReadOnlyDictionary<string, Found> Settings, IReadOnlyList<ConfNote> Notes)
{
    private const int MaxBytes = 1024 * 1024;

    public static readonly Option<TurnserverConf?> Option = Make();

    public Found? Find(Option option) => Settings.GetValueOrDefault(Setting.KeyOf(option));

    /// <summary>One line for each directive that does not carry over.</summary>
    public IEnumerable<string> Lines() => Notes.Select(note => $"{At(note)}{note.Text}");

    /// <param name="hasOption">Whether the verb has an option with this name: what it has not is told.</param>
    public static TurnserverConf Parse(string path, TextReader text, Func<string, bool> hasOption)
    {
        var reading = new ConfReading(path, hasOption);
        foreach (var line in ConfLine.Read(text)) Directives.Apply(reading, line);
        return reading.Finish();
    }

    private string At(ConfNote note) => note.Line == 0 ? $"{Path}: " : $"{Path}:{note.Line}: {note.Directive}: ";

    private static Option<TurnserverConf?> Make()
    {
        const string variable = "THAW_RELAY_TURNSERVER_CONF";
        var option = new Option<TurnserverConf?>("--turnserver-conf") { HelpName = "file" };
        option.Description = $"Configuration of coturn to take over; everything else wins over it. What does not carry over is told by its line. [env: {variable}]";
        option.CustomParser = result => Read(result, option.Name, result.Tokens[0].Value);
        option.DefaultValueFactory = result =>
        {
            try
            {
                return Sources.Find(result, option) is { } found ? Read(result, found.Origin.Name, found.Text) : null;
            }
            catch (ConfigException e)
            {
                result.AddError(e.Message);
                return null;
            }
        };
        Setting.Declare(option, new Setting([variable], IsSecret: false));
        return option;
    }

    private static TurnserverConf? Read(ArgumentResult result, string name, string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxBytes) throw new IOException($"{path} is longer than {MaxBytes / 1024} KiB.");
            using var reader = new StreamReader(path);
            string[] options = [.. ConfigFile.OptionsOf(Sources.CommandOf(result)!).Select(Setting.KeyOf)];
            var conf = Parse(path, reader, options.Contains);
            foreach (var refused in conf.Notes.Where(note => note.IsRefusal)) result.AddError($"{conf.At(refused)}{refused.Text}");
            return conf;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            result.AddError($"{name}: {e.Message}");
            return null;
        }
    }
}
