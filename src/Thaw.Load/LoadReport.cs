using System.Text.Json.Serialization;

namespace Thaw.Load;

/// <summary>What a server did. Every figure of the server itself is null where its process was not named.</summary>
public sealed record LoadReport(int SchemaVersion, AllocationFigures Allocations, TrafficFigures? Traffic, PeakFigures? Peak)
{
    public const int Version = 1;
}

/// <summary>Of Allocate, CreatePermission and ChannelBind, and the challenge before them.</summary>
/// <param name="RefusedBecause">The first refusal's words; null without any.</param>
/// <param name="ServerCpuMicroseconds">On-CPU time for each.</param>
/// <param name="ServerResidentBytes">By how much its resident memory grew for each.</param>
public sealed record AllocationFigures(
    int Made, int Refused, string? RefusedBecause, double PerSecond, double? ServerCpuMicroseconds, double? ServerResidentBytes);

/// <param name="SentShare">Of what should have been sent; clearly less than 1: the load was the bottleneck.</param>
/// <param name="PacketsPerSecond">Out of the relay, both ways together.</param>
/// <param name="ServerCpuMicroseconds">On-CPU time for each packet that came out.</param>
/// <param name="ServerCpuShare">Of one core.</param>
/// <param name="LoadCpuShare">Of one core, for what made the load.</param>
public sealed record TrafficFigures(
    double Seconds, long Sent, long Received, double SentShare, double LostShare, double PacketsPerSecond,
    double P50Microseconds, double P90Microseconds, double P99Microseconds,
    double? ServerCpuMicroseconds, double? ServerCpuShare, double LoadCpuShare);

/// <summary>The highest rate at which at most <paramref name="LossLimit"/> was lost.</summary>
/// <param name="LimitedByLoad">The server might have carried more.</param>
public sealed record PeakFigures(double LossLimit, int Probes, bool LimitedByLoad, TrafficFigures? Traffic);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LoadReport))]
public sealed partial class LoadJson : JsonSerializerContext;
