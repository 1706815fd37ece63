using System.Globalization;
using Thaw.Relay.Admin;

namespace Thaw.Cli.Top;

/// <summary>A look as lines of text that fit a terminal.</summary>
internal sealed class TopView(int width, int height, bool isColoured)
{
    private const int Events = 5, LeastRows = 3;
    private const string Bold = "\e[1m", Red = "\e[31m", Plain = "\e[0m";

    private static readonly (string Title, int Width)[] Columns =
        [("USER", 16), ("CLIENT", 30), ("PEERS", 34), ("TO PEERS", 21), ("TO CLIENT", 21), ("AGE", 7), ("LEFT", 6)];

    private static readonly string[] Families = ["ipv4", "ipv6"];

    public IReadOnlyList<string> Render(RelayLook look, RelayLook before, string? trouble)
    {
        var head = Head(look, before).ToList();
        if (trouble is not null) head.Insert(0, Coloured(Red, Fit(trouble)));
        List<string> tail = look.Events.Count == 0 ? [] : ["", Coloured(Bold, "REFUSED LATELY"), .. look.Events.Take(Events).Select(Event)];

        int room = Math.Max(LeastRows, height - head.Count - tail.Count - 4);
        var rows = look.Allocations.Take(room).Select(Row).ToList();
        int hidden = look.Total - rows.Count;
        string more = hidden > 0 ? $"and {hidden.ToString(CultureInfo.InvariantCulture)} more" : rows.Count == 0 ? "nobody has an allocation" : "";
        return [.. head, "", Coloured(Bold, Fit(Cells([.. Columns.Select(column => column.Title)]))), .. rows, .. more.Length > 0 ? [more] : Array.Empty<string>(), .. tail];
    }

    private IEnumerable<string> Head(RelayLook look, RelayLook before)
    {
        var (now, then) = (look.Metrics, before.Metrics);
        double began = now.Sum("process_start_time_seconds");
        string up = began > 0 ? $", up {Length((now.At - DateTimeOffset.UnixEpoch).TotalSeconds - began)}" : "";
        string version = now.By("thaw_build_info").FirstOrDefault().Label ?? "";
        yield return Coloured(look.Readiness.Status is "ready" ? Bold : Red, Fit($"Thaw relay {version}: {look.Readiness.Status}{up}"));
        foreach (string fault in look.Readiness.Faults) yield return Coloured(Red, Fit($"  {fault}"));

        string ports = string.Join(", ", Families.Where(family => now.Sum("thaw_relay_ports", Family(family)) > 0)
            .Select(family => $"{family} {N(now.Sum("thaw_relay_ports", $"{Family(family)},state=\"used\""))} of {N(now.Sum("thaw_relay_ports", Family(family)))}"));
        yield return Fit($"Allocations  {look.Total} (quota {N(now.Sum("thaw_relay_quota_used"))} of {N(now.Sum("thaw_relay_quota_limit"))})   ports {ports}   streams {Pairs(now.By("thaw_relay_streams"), N)}");
        yield return Fit($"Traffic      to peers {Traffic("to_peers")}   to clients {Traffic("to_clients")}");
        yield return Fit($"A second     dropped {Pairs(now.PerSecondBy(then, "thaw_relay_drops_total"), N)}   refused {Pairs(now.PerSecondBy(then, "thaw_relay_refusals_total"), N)}   errors {Pairs(now.PerSecondBy(then, "thaw_relay_errors_total"), N)}");
        yield return Fit($"In all       dropped {Pairs(now.By("thaw_relay_drops_total"), N)}   refused {Pairs(now.By("thaw_relay_refusals_total"), N)}   errors {Pairs(now.By("thaw_relay_errors_total"), N)}");
        yield return Fit($"Loops        {Pairs(now.PerSecondBy(then, "thaw_relay_loop_busy_seconds_total"), load => load.ToString("P0", CultureInfo.InvariantCulture), zeros: true)}");

        string Traffic(string direction)
        {
            string label = $"direction=\"{direction}\"";
            return Rate(now.PerSecond(then, "thaw_relay_relayed_packets_total", label), now.PerSecond(then, "thaw_relay_relayed_bytes_total", label));
        }
    }

    private string Row(AllocationBody allocation)
    {
        string peer = allocation.Peers is [var first, ..] ? first.Address : "-";
        int others = Math.Max(allocation.PeerCount, allocation.Peers.Count) - 1;
        if (others > 0) peer += $" +{others}";
        return Fit(Cells([
            allocation.User, allocation.Client, peer,
            Rate(allocation.ToPeers.PacketsPerSecond, allocation.ToPeers.BytesPerSecond), Rate(allocation.ToClient.PacketsPerSecond, allocation.ToClient.BytesPerSecond),
            Length(allocation.AgeSeconds), Length(allocation.ExpiresInSeconds),
        ]));
    }

    private string Event(EventBody happened) => Fit(string.Join("  ", new[]
    {
        happened.At.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture), happened.Code?.ToString(CultureInfo.InvariantCulture), happened.Kind, happened.Method,
        happened.User, happened.Source, happened.Peer is { } peer ? $"to {peer}" : null, happened.Rule, happened.Count > 1 ? $"×{happened.Count}" : null,
    }.Where(word => word is { Length: > 0 })));

    private static string Cells(string[] cells)
        => string.Join(' ', cells.Select((cell, i) => cell.Length > Columns[i].Width ? cell[..(Columns[i].Width - 1)] + "…" : cell.PadRight(Columns[i].Width)));

    // Nothing that came over the network moves the cursor or goes beyond the line.
    private string Fit(string line)
    {
        string clean = string.Concat(line.Select(c => char.IsControl(c) ? '?' : c)).TrimEnd();
        return clean.Length > width ? clean[..(width - 1)] + "…" : clean;
    }

    private string Coloured(string colour, string text) => isColoured ? colour + text + Plain : text;

    private static string Family(string family) => $"family=\"{family}\"";

    private static string Pairs(IEnumerable<(string Label, double Value)> pairs, Func<double, string> value, bool zeros = false)
        => string.Join(", ", pairs.Where(pair => zeros || pair.Value > 0).Select(pair => $"{pair.Label} {value(pair.Value)}")) is { Length: > 0 } text ? text : "-";

    private static string Rate(double packets, double bytes) => $"{N(packets)}/s {Bits(bytes * 8)}";

    private static string Bits(double bits) => bits switch
    {
        >= 1e9 => $"{(bits / 1e9).ToString("0.0", CultureInfo.InvariantCulture)} Gbit/s",
        >= 1e6 => $"{(bits / 1e6).ToString("0.0", CultureInfo.InvariantCulture)} Mbit/s",
        _ => $"{(bits / 1e3).ToString("0", CultureInfo.InvariantCulture)} kbit/s",
    };

    private static string N(double value) => value is > 0 and < 10 && value != Math.Floor(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) : value.ToString("0", CultureInfo.InvariantCulture);

    private static string Length(double seconds) => seconds switch
    {
        < 60 => $"{Math.Max(0, seconds):0}s",
        < 3600 => $"{(int)seconds / 60}m{(int)seconds % 60:00}s",
        < 86400 => $"{(int)seconds / 3600}h{(int)seconds / 60 % 60:00}m",
        _ => $"{(int)seconds / 86400}d{(int)seconds / 3600 % 24:00}h",
    };
}
