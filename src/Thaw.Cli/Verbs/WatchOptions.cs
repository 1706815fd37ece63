using System.CommandLine;

namespace Thaw.Cli.Verbs;

/// <summary>The options of <c>serve</c> about how it is watched.</summary>
internal static class WatchOptions
{
    public static readonly Option<string> Probes = new Option<string>("--probe-ice-servers") { Description = "Use each STUN and TURN server once at the start and when they change, on or off; /readyz tells the result." }
        .OrVariable("THAW_PROBE_ICE_SERVERS", "on", "on or off", text => (text is "on" or "off", text));
    public static readonly Option<string[]> Token = new Option<string[]>("--metrics-token") { Description = "What must be sent as \"Authorization: Bearer\" to ask /metrics; without it only this machine may." }
        .OrSecrets("THAW_METRICS_TOKEN", "a token", text => (text.Length > 0, text));
}
