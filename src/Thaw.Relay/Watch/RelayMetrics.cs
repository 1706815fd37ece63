using System.Diagnostics.Metrics;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Thaw.Relay.Watch;

/// <summary>
/// What a relay has done, as instruments. All are observed: the loops count for themselves and whoever asks reads. No
/// label names a user or an address, so that no stranger can make more of them.
/// </summary>
internal sealed class RelayMetrics : IDisposable
{
    private static readonly Tag ToPeers = new("direction", "to_peers"), ToClients = new("direction", "to_clients");

    // There from the start, or nobody could tell the first one from none.
    private static readonly (int Code, long Count)[] UsualRefusals =
    [
        (StunErrorCode.Unauthenticated, 0), (StunErrorCode.Forbidden, 0), (StunErrorCode.AllocationMismatch, 0),
        (StunErrorCode.AllocationQuotaReached, 0), (StunErrorCode.InsufficientCapacity, 0),
    ];

    private readonly RelayHost _host;

    public RelayMetrics(RelayHost host)
    {
        _host = host;
        Gauge("thaw.relay.allocations", () => host.AllocationCount, "{allocation}", "Allocations that live now.");
        Sum("thaw.relay.allocations.made", counters => counters.AllocationsMade, "{allocation}", "Allocations made.");
        Sums("thaw.relay.allocations.ended", Enum.GetValues<AllocationEnd>(), "reason", (counters, end) => counters.Ended(end), "{allocation}", "Allocations ended, by reason.");
        Meter.CreateObservableCounter("thaw.relay.relayed", () => Relayed(c => c.BytesToPeers, c => c.BytesToClients), "By", "Payload relayed, each way.");
        Meter.CreateObservableCounter("thaw.relay.relayed.packets", () => Relayed(c => c.PacketsToPeers, c => c.PacketsToClients), "{packet}", "Packets relayed, each way.");
        Meter.CreateObservableCounter("thaw.relay.drops", Drops, "{packet}", "Packets that were not relayed, by reason.");
        Sum("thaw.relay.requests", counters => counters.Requests, "{request}", "STUN and TURN requests.");
        Meter.CreateObservableCounter("thaw.relay.refusals", Refusals, "{request}", "Requests answered with an error for a fault, by its code.");
        Meter.CreateObservableCounter("thaw.relay.refusal.causes", Causes, "{request}", "The same by cause and kind, and with the challenges.");
        Sum("thaw.relay.challenges", counters => counters.Challenges, "{request}", "Answers with which sessions begin and go on: 401 to a request without credentials, 438 to an old nonce.");
        Sum("thaw.relay.answers.suppressed", counters => counters.AnswersSuppressed, "{answer}", "Answers not given, as their source asks too fast without proving that it is there.");
        Meter.CreateObservableUpDownCounter("thaw.relay.streams", () => Streams(listeners => listeners.Sum(l => (long)l.Open)), "{stream}", "Clients' streams that are open now.");
        Meter.CreateObservableCounter("thaw.relay.streams.accepted", () => Streams(listeners => listeners.Sum(l => l.Accepted)), "{stream}", "Streams accepted.");
        Meter.CreateObservableCounter("thaw.relay.streams.refused", () => Streams(listeners => listeners.Sum(l => l.Refused)), "{stream}", "Streams closed at once, as there was no place left.");
        Gauge("thaw.relay.dtls.sessions", () => host.DtlsSessions, "{session}", "DTLS clients that have shown their address, with those who still shake hands.");
        Gauge("thaw.relay.dtls.handshakes", () => host.AllLoops.Sum(loop => loop.DtlsHandshakes), "{handshake}", "DTLS handshakes that go on now.");
        Meter.CreateObservableCounter("thaw.relay.dtls.refused", () => host.AllLoops.Sum(loop => loop.DtlsRefused), "{session}", "DTLS clients that had shown their address and found no place.");
        Meter.CreateObservableCounter("thaw.relay.dtls.dropped", () => host.AllLoops.Sum(loop => loop.DtlsDropped), "{packet}", "Datagrams at the DTLS port that were neither a client's nor a ClientHello that can be answered.");
        Meter.CreateObservableUpDownCounter("thaw.relay.ports", Ports, "{port}", "Ports of the relay range, by family.");
        Gauge("thaw.relay.quota.used", () => host.QuotaUsed, "{address}", "Relayed addresses that are taken, reserved ones included.");
        Gauge("thaw.relay.quota.limit", () => host.Server.TotalQuota, "{address}", "Relayed addresses that may be taken.");
        Meter.CreateObservableCounter("thaw.relay.errors", Errors, "{error}", "What the system refused, by kind.");
        Meter.CreateObservableCounter("thaw.relay.loop.busy", () => Costs(cost => cost.Ran), "s", "Time on a processor, by loop: one second a second is all there is.");
        Meter.CreateObservableCounter("thaw.relay.loop.starved", () => Costs(cost => cost.Waited), "s", "Time without a processor although there was work, by loop.");
        Gauge("thaw.relay.faults", () => host.Faults().Count, "{fault}", "Loops and listeners that do not work any more.");
        Gauge("thaw.relay.draining", () => host.IsDraining ? 1 : 0, "", "1: no new allocations are taken.");
    }

    public Meter Meter { get; } = new("Thaw.Relay");

    public void Dispose() => Meter.Dispose();

    private void Gauge(string name, Func<int> value, string unit, string what) => Meter.CreateObservableUpDownCounter(name, value, unit, what);

    private void Sum(string name, Func<TurnCounters, long> value, string unit, string what) => Meter.CreateObservableCounter(name, () => Total(value), unit, what);

    private void Sums<T>(string name, T[] cases, string label, Func<TurnCounters, T, long> value, string unit, string what) where T : struct, Enum
        => Meter.CreateObservableCounter(name, () => cases.Select(one => Of(Total(counters => value(counters, one)), label, Snake(one.ToString()))), unit, what);

    private IEnumerable<Measurement<long>> Relayed(Func<TurnCounters, long> toPeers, Func<TurnCounters, long> toClients)
        => [new(Total(toPeers), ToPeers), new(Total(toClients), ToClients)];

    private IEnumerable<Measurement<long>> Drops() =>
    [
        .. Enum.GetValues<RelayDrop>().Select(drop => Of(Total(counters => counters.Dropped(drop)), "reason", Snake(drop.ToString()))),
        Of(_host.AllLoops.Sum(loop => loop.StreamMessagesMissed), "reason", "slow_stream"),
    ];

    private IEnumerable<Measurement<long>> Refusals()
        => _host.AllLoops.SelectMany(loop => loop.Server.Counters.RefusalsByCode).Concat(UsualRefusals)
            .GroupBy(refused => refused.Code).OrderBy(same => same.Key).Select(same => Of(same.Sum(refused => refused.Count), "code", $"{same.Key}"));

    private IEnumerable<Measurement<long>> Causes()
        => TurnCauses.All.Select(cause => new Measurement<long>(Total(counters => counters.Refused(cause)), new Tag("cause", cause.Id), new Tag("kind", cause.Name)));

    private IEnumerable<Measurement<long>> Streams(Func<IEnumerable<Relay.Streams.StreamListener>, long> value)
        => _host.StreamListeners.GroupBy(listener => listener.IsSecure).Select(kind => Of(value(kind), "transport", kind.Key ? "tls" : "tcp"));

    private IEnumerable<Measurement<long>> Ports()
    {
        int all = _host.Server.LastRelayPort - _host.Server.FirstRelayPort + 1;
        foreach (var relay in _host.Server.RelayAddresses)
        {
            var family = new Tag("family", relay.Local.IsIPv4 ? "ipv4" : "ipv6");
            int used = _host.OpenPorts(relay.Local.IsIPv4);
            yield return new(used, family, new Tag("state", "used"));
            yield return new(all - used, family, new Tag("state", "free"));
        }
    }

    private IEnumerable<Measurement<long>> Errors() =>
    [
        Of(_host.AllLoops.Sum(loop => loop.Edge.Lost), "kind", "send"),
        Of(_host.AllLoops.Sum(loop => loop.PortsRefused), "kind", "port"),
        Of(_host.StreamListeners.Sum(listener => listener.AcceptErrors), "kind", "accept"),
        Of(Total(counters => counters.ObservationsLost), "kind", "observation"),
    ];

    private IEnumerable<Measurement<double>> Costs(Func<(TimeSpan Ran, TimeSpan Waited), TimeSpan> which)
    {
        foreach (var loop in _host.AllLoops)
            if (loop.Costs?.Read() is { } cost) yield return new(which(cost).TotalSeconds, new Tag("loop", loop.Name));
    }

    private long Total(Func<TurnCounters, long> value) => _host.AllLoops.Sum(loop => value(loop.Server.Counters));

    private static Measurement<long> Of(long value, string label, string text) => new(value, new Tag(label, text));

    // NoPermission is no_permission.
    private static string Snake(string name) => string.Concat(name.Select((c, i) => char.IsAsciiLetterUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : $"{c}"));
}
