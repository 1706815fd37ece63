using System.CommandLine;
using System.Runtime.CompilerServices;

namespace Thaw.Cli.Configuration;

/// <summary>An option that may also be set by the environment and by a file.</summary>
/// <param name="Variables">The first that is set counts.</param>
/// <param name="IsSecret">Nothing prints its values; they may also come from a file of their own.</param>
/// <param name="ReadsJson">What is nested in a file is handed to it as JSON.</param>
internal sealed record Setting(string[] Variables, bool IsSecret, bool ReadsJson = false)
{
    private static readonly ConditionalWeakTable<Option, Setting> Declared = [];

    public static void Declare(Option option, Setting setting) => Declared.AddOrUpdate(option, setting);

    /// <returns>Null for an option that only the command line knows.</returns>
    public static Setting? Of(Option option) => Declared.TryGetValue(option, out var setting) ? setting : null;

    public static string KeyOf(Option option) => option.Name.TrimStart('-');
}

internal enum OriginKind { Default, Conf, File, Environment, Flag }

/// <summary>Where the value of a setting comes from.</summary>
/// <param name="Name">As an error message begins: a variable, a flag, or a file with line and key.</param>
internal sealed record Origin(OriginKind Kind, string Name, Place Place = default)
{
    public static Origin Default { get; } = new(OriginKind.Default, "");
}

/// <summary>Values of a setting from outside of the command line.</summary>
/// <param name="Texts">One for each value; or one with all of them, which the option splits as it likes.</param>
internal sealed record Found(Origin Origin, IReadOnlyList<string> Texts, bool IsSplit = false)
{
    public string Text => string.Join(',', Texts);
}
