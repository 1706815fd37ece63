using System.Text.Json.Serialization;
using Thaw.Relay.Admin;

namespace Thaw.Cli.Top;

/// <summary>What <c>thaw relay top --json</c> prints. Rates are a second's.</summary>
/// <param name="ShownAllocations">Those in <paramref name="Allocations"/>, the busiest.</param>
internal sealed record TopReport(
    int SchemaVersion, string Status, IReadOnlyList<string> Faults, int TotalAllocations, int ShownAllocations, TopTraffic ToPeers, TopTraffic ToClients,
    IReadOnlyDictionary<string, double> Drops, IReadOnlyDictionary<string, double> Refusals, IReadOnlyDictionary<string, double> Errors,
    IReadOnlyDictionary<string, double> LoopLoad, IReadOnlyList<AllocationBody> Allocations, IReadOnlyList<EventBody> Events, int ExitCode)
{
    private const int MostAllocations = 1000;

    public static TopReport Of(RelayLook look, RelayLook before, int exitCode)
    {
        var (now, then) = (look.Metrics, before.Metrics);
        AllocationBody[] shown = [.. look.Allocations.Take(MostAllocations)];
        return new TopReport(
            1, look.Readiness.Status, look.Readiness.Faults, look.Total, shown.Length, Traffic("to_peers"), Traffic("to_clients"),
            Sums("thaw_relay_drops_total"), Sums("thaw_relay_refusals_total"), Sums("thaw_relay_errors_total"),
            now.PerSecondBy(then, "thaw_relay_loop_busy_seconds_total").ToDictionary(load => load.Label, load => Math.Round(load.Value, 3), StringComparer.Ordinal),
            shown, look.Events, exitCode);

        Dictionary<string, double> Sums(string name) => now.By(name).ToDictionary(StringComparer.Ordinal);

        TopTraffic Traffic(string direction)
        {
            string label = $"direction=\"{direction}\"";
            return new TopTraffic(
                now.Sum("thaw_relay_relayed_packets_total", label), now.Sum("thaw_relay_relayed_bytes_total", label),
                Math.Round(now.PerSecond(then, "thaw_relay_relayed_packets_total", label), 1), Math.Round(now.PerSecond(then, "thaw_relay_relayed_bytes_total", label), 1));
        }
    }
}

internal sealed record TopTraffic(double Packets, double Bytes, double PacketsPerSecond, double BytesPerSecond);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TopReport))]
internal sealed partial class TopJson : JsonSerializerContext;
