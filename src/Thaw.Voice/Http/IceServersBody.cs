using System.Globalization;
using System.Text.Json.Serialization;
using Thaw.IceServers;
using Thaw.Net.Gathering;
using Thaw.Voice.Watching;

namespace Thaw.Voice.Http;

/// <summary>Exactly what a browser's RTCIceServer has, and nothing that an old one would stumble over.</summary>
internal sealed record IceServerBody(
    [property: JsonPropertyName("urls")] IReadOnlyList<string> Urls,
    [property: JsonPropertyName("username")] string? Username,
    [property: JsonPropertyName("credential")] string? Credential)
{
    public static IReadOnlyList<IceServerBody> Of(IReadOnlyList<IceServer> servers) => [.. servers.Select(s => new IceServerBody(s.Urls, s.Username, s.Credential))];
}

internal sealed record IceConfigBody([property: JsonPropertyName("iceServers")] IReadOnlyList<IceServerBody> IceServers)
{
    /// <summary>Null where there are none: the member is left out then.</summary>
    public static IceConfigBody? Of(IceServerSet set) => set.Servers is [] ? null : new(IceServerBody.Of(set.Servers));
}

/// <param name="IceTransportPolicy">What a page may pass on to its RTCPeerConnection; never <c>relay</c> where there is none, as it would wait for ever.</param>
/// <param name="ExpiresAt">ISO 8601, UTC; absent for never.</param>
/// <param name="Ttl">Seconds until then.</param>
internal sealed record IceServersBody(
    [property: JsonPropertyName("iceServers")] IReadOnlyList<IceServerBody> IceServers,
    [property: JsonPropertyName("iceTransportPolicy")] string? IceTransportPolicy,
    [property: JsonPropertyName("expiresAt")] string? ExpiresAt,
    [property: JsonPropertyName("ttl")] int? Ttl,
    [property: JsonPropertyName("probes")] IReadOnlyList<ProbedServerBody>? Probes = null)
{
    public static IceServersBody Of(IceServerSet set, bool? relayOnly, DateTimeOffset now) => new(
        IceServerBody.Of(set.Servers),
        relayOnly is null ? null : relayOnly.Value && set.HasRelay ? "relay" : "all",
        set.ExpiresAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        set.ExpiresAt is { } end ? (int)Math.Min(int.MaxValue, (end - now).TotalSeconds) : null);
}

/// <summary>What an ICE server was worth when this server last used it. No address, no secret.</summary>
/// <param name="Status">ok, warning, failed.</param>
internal sealed record ProbedServerBody(
    [property: JsonPropertyName("url")] string Url,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("cause")] string? Cause,
    [property: JsonPropertyName("milliseconds")] int Milliseconds,
    [property: JsonPropertyName("at")] string At)
{
    public static IReadOnlyList<ProbedServerBody> Of(IReadOnlyList<ProbedServer> servers) => [.. servers.Select(s => new ProbedServerBody(
        s.Url, s.Status.ToString().ToLowerInvariant(), s.Cause, s.Milliseconds, s.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)))];
}

/// <summary>How a source is, for who watches this server: no secrets, no addresses.</summary>
internal sealed record IceSourceBody(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("for")] string? For,
    [property: JsonPropertyName("state")] string State,
    [property: JsonPropertyName("lastSuccess")] string? LastSuccess,
    [property: JsonPropertyName("expiresAt")] string? ExpiresAt,
    [property: JsonPropertyName("error")] string? Error,
    [property: JsonPropertyName("clockSkewSeconds")] int? ClockSkewSeconds,
    [property: JsonPropertyName("warnings")] IReadOnlyList<string>? Warnings)
{
    /// <summary>Null where there are no sources.</summary>
    public static IReadOnlyList<IceSourceBody>? Of(IReadOnlyList<IceSourceState> states) => states is [] ? null : [.. states.Select(s => new IceSourceBody(
        s.Name, s.Audience?.ToString().ToLowerInvariant(), s.Health.ToString().ToLowerInvariant(), Text(s.LastSuccess), Text(s.ExpiresAt),
        s.Error, s.ClockSkew is { } skew ? (int)skew.TotalSeconds : null, s.Warnings))];

    private static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
