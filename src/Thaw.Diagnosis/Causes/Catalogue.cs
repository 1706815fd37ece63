using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Thaw.Diagnosis.Causes;

/// <summary>Every cause that Thaw knows, from the data files next to this one.</summary>
public static class Catalogue
{
    private static readonly Lazy<IReadOnlyList<Cause>> Loaded = new(() => [.. Enum.GetValues<Layer>().SelectMany(Load)]);

    private static readonly Lazy<FrozenDictionary<string, Cause>> ById = new(() => All.ToFrozenDictionary(cause => cause.Id));

    /// <summary>In the order of a call.</summary>
    public static IReadOnlyList<Cause> All => Loaded.Value;

    /// <summary>As <c>thaw causes --json</c> prints them.</summary>
    public static string Json(IReadOnlyList<Cause> causes) => JsonSerializer.Serialize(new CauseDocument(1, causes), CauseJson.Default.CauseDocument);

    public static Cause? Find(string id) => ById.Value.GetValueOrDefault(id);

    private static IEnumerable<Cause> Load(Layer layer)
    {
        string name = JsonNamingPolicy.KebabCaseLower.ConvertName(layer.ToString());
        using var stream = typeof(Catalogue).Assembly.GetManifestResourceStream($"{name}.json")!;
        return JsonSerializer.Deserialize(stream, CauseJson.Default.ListCause)!.Select(cause => cause with { Layer = layer });
    }
}

internal sealed record CauseDocument(int SchemaVersion, IReadOnlyList<Cause> Causes);

internal sealed class RoleWords() : JsonStringEnumConverter<Role>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class LayerWords() : JsonStringEnumConverter<Layer>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(RoleWords), typeof(LayerWords)], WriteIndented = true)]
[JsonSerializable(typeof(CauseDocument))]
[JsonSerializable(typeof(List<Cause>))]
internal sealed partial class CauseJson : JsonSerializerContext;
