using System.Text.Json;
using System.Text.Json.Serialization;

namespace Thaw.Audit.Known;

/// <summary>
/// The facts of <c>known-hangs.json</c>: versions, calls and settings that are known to hang, each with its sources. Who
/// learns of another adds it there, without code.
/// </summary>
public sealed record KnownHangs(
    int SchemaVersion, IReadOnlyList<PackageRule> Packages, IReadOnlyList<CallRule> Calls, IReadOnlyList<TextRule> Texts, IReadOnlyList<DirectiveRule> Coturn)
{
    private static readonly Lazy<KnownHangs> Built = new(() =>
    {
        using var stream = typeof(KnownHangs).Assembly.GetManifestResourceStream("known-hangs.json")!;
        return JsonSerializer.Deserialize(stream, KnownJson.Default.KnownHangs)!;
    });

    /// <summary>What came with this program.</summary>
    public static KnownHangs Shipped => Built.Value;
}

/// <summary>What every rule says.</summary>
public abstract record Rule
{
    public required string Id { get; init; }
    public required string Cause { get; init; }
    public required Severity Severity { get; init; }
    public required string Title { get; init; }
    public required string Why { get; init; }
    public required string Change { get; init; }
    public required IReadOnlyList<string> Sources { get; init; }

    internal Finding At(string file, int line, string quote, string? title = null)
        => new(Id, Cause, Severity, title ?? Title, file, line, Shorten(quote), Why, Change, Sources);

    private static string Shorten(string quote)
    {
        const int most = 140;
        string line = quote.Trim();
        return line.Length <= most ? line : string.Concat(line.AsSpan(0, most), "…");
    }
}

/// <summary>A package is older than the version that mended something.</summary>
public sealed record PackageRule : Rule
{
    public required Registry Registry { get; init; }
    public required string Package { get; init; }

    /// <summary>The first version that is well.</summary>
    public required string Before { get; init; }
}

/// <summary>A call lacks an argument, or has one that it should not have.</summary>
public sealed record CallRule : Rule
{
    public required Language Language { get; init; }

    /// <summary>The constructor or function.</summary>
    public required string Call { get; init; }

    /// <summary>The key of the object that is its first argument (JavaScript), or the keyword (Python).</summary>
    public required string Argument { get; init; }

    public required Presence When { get; init; }

    /// <summary>Python: the argument may also come first, without its name.</summary>
    public bool MayBeFirst { get; init; }

    /// <summary>Words anywhere in the project that mean it is done another way.</summary>
    public IReadOnlyList<string> UnlessProjectHas { get; init => field = value ?? []; } = []; // what is not in the file comes as null

    /// <summary>Words that the file must have: else the call is somebody else's of the same name.</summary>
    public IReadOnlyList<string> FileHas { get; init => field = value ?? []; } = []; // what is not in the file comes as null
}

/// <summary>A source file has words that call for others somewhere in the project.</summary>
public sealed record TextRule : Rule
{
    public required Language Language { get; init; }
    public required string Has { get; init; }
    public required IReadOnlyList<string> UnlessProjectHas { get; init; }
}

/// <summary>A combination of a coturn configuration's directives; each is a name or <c>name=value</c>.</summary>
public sealed record DirectiveRule : Rule
{
    /// <summary>All of these; the finding is at the first one.</summary>
    public IReadOnlyList<string> Has { get; init => field = value ?? []; } = []; // what is not in the file comes as null

    /// <summary>None of these.</summary>
    public IReadOnlyList<string> Lacks { get; init => field = value ?? []; } = []; // what is not in the file comes as null

    /// <summary>Only where no listening or relay address in the file is a public one.</summary>
    public bool BehindNat { get; init; }
}

public enum Registry { Npm, PyPI }

public enum Language { JavaScript, Python }

public enum Presence
{
    Absent,
    Present,

    /// <summary>Present with the literal true.</summary>
    True,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(KnownHangs))]
internal sealed partial class KnownJson : JsonSerializerContext;
