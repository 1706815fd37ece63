using System.Text.Json;
using System.Text.Json.Serialization;

namespace Thaw.Voice.Http;

internal sealed record OfferBody
{
    [JsonPropertyName("sdp")] public string? Sdp { get; init; }
    [JsonPropertyName("type")] public string? Type { get; init; }
    [JsonPropertyName("pc_id")] public string? PcId { get; init; }
    [JsonPropertyName("restart_pc")] public bool? RestartPc { get; init; }

    // The web client writes the one, other SDKs the other.
    [JsonPropertyName("requestData")] public JsonElement? RequestDataCamel { get; init; }
    [JsonPropertyName("request_data")] public JsonElement? RequestDataSnake { get; init; }
}

internal sealed record AnswerBody(
    [property: JsonPropertyName("sdp")] string Sdp,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("pc_id")] string PcId);

internal sealed record CandidatesBody
{
    [JsonPropertyName("pc_id")] public string? PcId { get; init; }
    [JsonPropertyName("candidates")] public IReadOnlyList<CandidateBody?>? Candidates { get; init; }
}

internal sealed record CandidateBody
{
    [JsonPropertyName("candidate")] public string? Candidate { get; init; }
    [JsonPropertyName("sdp_mid")] public string? SdpMid { get; init; }
    [JsonPropertyName("sdp_mline_index")] public int? SdpMLineIndex { get; init; }
}

/// <remarks>iceConfig is absent, never null: voice-ui-kit reads <c>null.iceServers</c> and hangs at "Connecting...".</remarks>
internal sealed record StartAnswer(
    [property: JsonPropertyName("sessionId")] string SessionId,
    [property: JsonPropertyName("iceConfig")] IceConfigBody? IceConfig = null);

internal sealed record ErrorBody([property: JsonPropertyName("detail")] string Detail);

internal sealed record StatusBody(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("transports")] IReadOnlyList<string>? Transports = null,
    [property: JsonPropertyName("iceSources")] IReadOnlyList<IceSourceBody>? IceSources = null,
    [property: JsonPropertyName("iceServers")] IReadOnlyList<ProbedServerBody>? IceServers = null);

internal sealed record VerdictBody(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("outcome")] string? Outcome = null,
    [property: JsonPropertyName("detail")] string? Detail = null);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(OfferBody))]
[JsonSerializable(typeof(AnswerBody))]
[JsonSerializable(typeof(CandidatesBody))]
[JsonSerializable(typeof(StartAnswer))]
[JsonSerializable(typeof(IceServersBody))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(StatusBody))]
[JsonSerializable(typeof(VerdictBody))]
internal sealed partial class VoiceJson : JsonSerializerContext;
