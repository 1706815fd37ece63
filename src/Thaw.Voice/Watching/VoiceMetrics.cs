using System.Diagnostics.Metrics;
using Thaw.IceServers;
using Thaw.Probes;
using Thaw.Relay.Admin;
using Thaw.Voice.Calls;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Thaw.Voice.Watching;

/// <summary>GET /metrics: calls, ICE servers, the relay inside and the process, in Prometheus' text format. No address of a client, no secret.</summary>
internal sealed class VoiceMetrics : IDisposable
{
    private readonly Meter _meter = new("Thaw.Voice");
    private readonly ProcessMetrics _process = new();
    private readonly PrometheusText _text;
    private readonly OperatorDoor _door;

    /// <param name="relay">The instruments of the relay inside; null where there is none.</param>
    public VoiceMetrics(CallHost calls, OperatorDoor door, Meter? relay)
    {
        _door = door;
        _meter.CreateObservableUpDownCounter("thaw.voice.calls", () => calls.Count, null, "Calls that there are.");
        _meter.CreateObservableUpDownCounter("thaw.voice.calls.limit", () => calls.Limit, null, "Calls that there may be.");
        _meter.CreateObservableCounter("thaw.voice.calls.started", () => calls.Started, null, "Calls that an offer began.");
        _meter.CreateObservableCounter("thaw.voice.calls.connected", () => calls.Connected, null, "Calls that connected.");
        _meter.CreateObservableCounter("thaw.voice.connections.failed", () => calls.ConnectionsFailed, null, "Connections that failed, restarts each counted.");
        _meter.CreateObservableUpDownCounter("thaw.voice.sessions", () => calls.SessionCount, null, "Sessions of /start that may call.");
        _meter.CreateObservableUpDownCounter("thaw.ice.server.up", () => Of(calls, server => server.Status is ProbeStatus.Failed ? 0 : 1), null, "1: it did what it is for when it was last used; 0: it did not.");
        _meter.CreateObservableUpDownCounter("thaw.ice.server.fault", () => Faults(calls), null, "What is wrong with it, by the catalogue of causes; always 1.");
        _meter.CreateObservableUpDownCounter("thaw.ice.server.probe", () => Of(calls, server => server.Milliseconds / 1000.0), "s", "How long it took when it was last used.");
        _meter.CreateObservableUpDownCounter("thaw.ice.server.probed", () => Of(calls, server => (double)server.At.ToUnixTimeSeconds()), "s", "When it was last used, in Unix time.");
        _meter.CreateObservableUpDownCounter("thaw.ice.source.up", () => Sources(calls), null, "1: what it granted can be used; 0: it has nothing.");
        _text = relay is null ? new PrometheusText(_meter, _process.Meter) : new PrometheusText(_meter, relay, _process.Meter);
    }

    public Task WriteAsync(HttpContext context)
    {
        _door.Admit(context);
        context.Response.ContentType = PrometheusText.ContentType;
        return context.Response.WriteAsync(_text.Scrape(), context.RequestAborted);
    }

    public void Dispose()
    {
        _text.Dispose();
        _meter.Dispose();
        _process.Dispose();
    }

    private static IEnumerable<Measurement<double>> Of(CallHost calls, Func<ProbedServer, double> value)
        => calls.Probes.Results.Select(server => new Measurement<double>(value(server), new Tag("server", server.Url)));

    private static IEnumerable<Measurement<int>> Faults(CallHost calls)
        => from server in calls.Probes.Results where server.Cause is not null select new Measurement<int>(1, new Tag("server", server.Url), new Tag("cause", server.Cause));

    private static IEnumerable<Measurement<int>> Sources(CallHost calls)
        => calls.IceServers.States.Select(state => new Measurement<int>(
            state.Health is IceSourceHealth.Failing or IceSourceHealth.Waiting ? 0 : 1,
            new Tag("source", state.Name), new Tag("for", state.Audience?.ToString().ToLowerInvariant() ?? "both")));
}
