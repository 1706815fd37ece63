using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Facts;

/// <summary>Enumerations as words: <c>gave-up</c>. Numbers would mean something else in the next version.</summary>
internal sealed class Words<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) where T : struct, Enum;

/// <summary>1e999 is a number to a parser and none to a writer.</summary>
internal sealed class FiniteNumber : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.GetDouble() is var number && double.IsFinite(number) ? number : throw new JsonException("Not a finite number.");

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, MaxDepth = 16,
    Converters =
    [
        typeof(FiniteNumber), typeof(Words<Side>), typeof(Words<PermissionState>), typeof(Words<CaptureStep>), typeof(Words<ClientStep>), typeof(Words<HttpStep>), typeof(Words<IcePolicy>),
        typeof(Words<GatheringState>), typeof(Words<Origin>), typeof(Words<CandidateKind>), typeof(Words<DescriptionType>), typeof(Words<StateOf>), typeof(Words<Direction>),
        typeof(Words<RelayStep>), typeof(Words<ProbeOutcome>), typeof(Words<PathFinding>), typeof(Words<PeerFailure>),
    ])]
[JsonSerializable(typeof(Fact))]
internal sealed partial class TraceJson : JsonSerializerContext
{
    /// <summary>A trace is read by people, and is never part of a page: an apostrophe may be an apostrophe.</summary>
    public static TraceJson Plain => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
