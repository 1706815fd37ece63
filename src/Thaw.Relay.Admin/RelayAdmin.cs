using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Admin;

/// <summary>What whoever runs a relay may ask it over HTTP. Nothing here changes anything.</summary>
public sealed class RelayAdmin : IDisposable
{
    private const int SchemaVersion = 1;
    private const int DefaultPage = 100, LongestPage = 1000;

    private readonly RelayHost _relay;
    private readonly RefusalRing _refusals;
    private readonly AddressTokens _tokens = new();
    private readonly ProcessMetrics _process = new();
    private readonly PrometheusText _metrics;

    /// <param name="refusals">Hears what the relay notices: see <see cref="RelayHostOptions.Observed"/>.</param>
    public RelayAdmin(RelayHost relay, RefusalRing refusals)
    {
        (_relay, _refusals) = (relay, refusals);
        _metrics = new PrometheusText(relay.Meter, _process.Meter);
    }

    /// <summary>Maps the endpoints on any web application, or on a group of its routes.</summary>
    /// <param name="token">Empty: whoever comes so far may ask.</param>
    public void Map(IEndpointRouteBuilder routes, string token)
    {
        var door = new AdminDoor(token);
        routes.MapGet("/metrics", door.Guard(WriteMetrics));
        routes.MapGet("/api/allocations", door.Guard(WriteAllocationsAsync));
        routes.MapGet("/api/events", door.Guard(WriteEvents));
        routes.MapGet("/healthz", WriteHealth); // probes have no token, and learn nothing else
        routes.MapGet("/readyz", WriteReadiness);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _process.Dispose();
    }

    private Task WriteMetrics(HttpContext context)
    {
        context.Response.ContentType = PrometheusText.ContentType;
        return context.Response.WriteAsync(_metrics.Scrape(), context.RequestAborted);
    }

    /// <summary>503: restart it.</summary>
    private Task WriteHealth(HttpContext context)
    {
        var faults = _relay.Faults();
        return faults is [] ? Write(context, new HealthBody("ok", [], null)) : Unwell(context, new HealthBody("failed", faults, string.Join(' ', faults)));
    }

    /// <summary>503: send it no new clients.</summary>
    private Task WriteReadiness(HttpContext context)
    {
        var faults = _relay.Faults();
        if (faults is not []) return Unwell(context, new HealthBody("failed", faults, string.Join(' ', faults)));
        return _relay.IsDraining ? Unwell(context, new HealthBody("draining", [], "The relay is draining: it takes no new allocations.")) : Write(context, new HealthBody("ready", [], null));
    }

    private async Task WriteAllocationsAsync(HttpContext context)
    {
        var query = context.Request.Query;
        int most = DefaultPage;
        var from = default(AllocationId);
        if (query.TryGetValue("limit", out var limit) && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is < 1 or > LongestPage))
        {
            await AdminErrors.WriteAsync(context, StatusCodes.Status400BadRequest, $"limit is a number from 1 to {LongestPage}.");
            return;
        }

        if (query.TryGetValue("from", out var cursor) && !AllocationId.TryParse($"{cursor}", out from))
        {
            await AdminErrors.WriteAsync(context, StatusCodes.Status400BadRequest, "from is what the page before has as next.");
            return;
        }

        bool shows = ShowsAddresses(context);
        var page = await _relay.SnapshotAsync(from, most, context.RequestAborted);
        var now = _relay.Now;
        await Write(context, new AllocationsBody(
            SchemaVersion, shows, _relay.AllocationCount, [.. page.Allocations.Select(one => BodyOf(one.Id, one.Allocation, now, shows))], page.Next?.ToString()));
    }

    private Task WriteEvents(HttpContext context)
    {
        bool shows = ShowsAddresses(context);
        return Write(context, new EventsBody(SchemaVersion, shows, [.. _refusals.Newest().Select(happened => new EventBody(
            happened.At, happened.Count, happened.Cause, happened.Kind, happened.Method, happened.Code, happened.User,
            _tokens.Of(happened.Source, shows), happened.Peer is { } peer ? _tokens.Of(peer, shows) : null, happened.Rule))]));
    }

    private AllocationBody BodyOf(AllocationId id, AllocationSnapshot allocation, Instant now, bool shows) => new(
        id.ToString(), allocation.User, allocation.FiveTuple.Client.Protocol is TransportProtocol.Tcp ? "tcp" : "udp",
        _tokens.Of(allocation.FiveTuple.Client, shows), [.. allocation.Relayed.Select(relayed => _tokens.Of(relayed, shows))],
        [.. allocation.Peers.Select(peer => new PeerBody(_tokens.Of(peer.Address, shows), peer.Channel))], allocation.PeerCount, allocation.ChannelCount,
        Seconds(now - allocation.MadeAt), Seconds(allocation.ExpiresAt - now), BodyOf(allocation.ToPeers), BodyOf(allocation.ToClient), Seconds(allocation.RatedOver));

    private static TrafficBody BodyOf(AllocationTraffic traffic)
        => new(traffic.Packets, traffic.Bytes, Math.Round(traffic.PacketsPerSecond, 1), Math.Round(traffic.BytesPerSecond, 1));

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 1);

    private static bool ShowsAddresses(HttpContext context) => context.Request.Query["addresses"] == "1";

    private static Task Write(HttpContext context, HealthBody body) => context.Response.WriteAsJsonAsync(body, AdminJson.Default.HealthBody);

    private static Task Write(HttpContext context, AllocationsBody body) => context.Response.WriteAsJsonAsync(body, AdminJson.Default.AllocationsBody);

    private static Task Write(HttpContext context, EventsBody body) => context.Response.WriteAsJsonAsync(body, AdminJson.Default.EventsBody);

    private static Task Unwell(HttpContext context, HealthBody body)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return Write(context, body);
    }
}
