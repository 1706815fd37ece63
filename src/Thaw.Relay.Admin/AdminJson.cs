using System.Text.Json.Serialization;

namespace Thaw.Relay.Admin;

/// <summary>What <c>/api/allocations</c> answers.</summary>
/// <param name="Total">Of all pages.</param>
/// <param name="Next">For <c>?from=</c>; null: this is the last page.</param>
public sealed record AllocationsBody(int SchemaVersion, bool AddressesShown, int Total, IReadOnlyList<AllocationBody> Allocations, string? Next);

/// <param name="RateSeconds">Over how long the rates are: since somebody looked last, or since it was made.</param>
public sealed record AllocationBody(
    string Id, string User, string Transport, string Client, IReadOnlyList<string> Relayed, IReadOnlyList<PeerBody> Peers, int PeerCount, int ChannelCount,
    double AgeSeconds, double ExpiresInSeconds, TrafficBody ToPeers, TrafficBody ToClient, double RateSeconds);

/// <param name="Channel">Null: data goes in indications.</param>
public sealed record PeerBody(string Address, int? Channel);

public sealed record TrafficBody(long Packets, long Bytes, double PacketsPerSecond, double BytesPerSecond);

/// <summary>What <c>/api/events</c> answers: the newest first.</summary>
public sealed record EventsBody(int SchemaVersion, bool AddressesShown, IReadOnlyList<EventBody> Events);

public sealed record EventBody(
    DateTimeOffset At, long Count, string Cause, string Kind, string? Method, int? Code, string? User, string Source, string? Peer, string? Rule);

/// <summary>What <c>/healthz</c> and <c>/readyz</c> answer; with a <paramref name="Detail"/> if the status is 503.</summary>
public sealed record HealthBody(string Status, IReadOnlyList<string> Faults, string? Detail);

public sealed record ErrorBody(string Detail);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AllocationsBody))]
[JsonSerializable(typeof(EventsBody))]
[JsonSerializable(typeof(HealthBody))]
[JsonSerializable(typeof(ErrorBody))]
public sealed partial class AdminJson : JsonSerializerContext;
