using System.Globalization;
using System.Net.Sockets;

namespace Thaw.Cli.RelayChecks;

/// <summary>The ports that it listens at and relays from.</summary>
internal static class PortRows
{
    private const int SmallRange = 1_000; // where one port more or less matters

    public static IEnumerable<CheckRow> Judge(RelayPlan plan, Machine machine)
    {
        if (plan.Listen.Count == 0)
        {
            yield return CheckRow.Problem("listen", "this machine has no address but loopback to listen at.", "thaw relay --listen ADDRESS");
            yield break;
        }

        var options = plan.Options;
        yield return Listener("udp-port", ProtocolType.Udp, options.Port, plan, machine);
        if (options.ListensOnTcp) yield return Listener("tcp-port", ProtocolType.Tcp, options.Port, plan, machine);
        if (plan.Certificate is not null) yield return Listener("tls-port", ProtocolType.Tcp, options.TlsPort, plan, machine);
        if (plan.Certificate is not null && options.ListensOnDtls) yield return Listener("dtls-port", ProtocolType.Udp, options.TlsPort, plan, machine);
        yield return Range(plan, machine);
    }

    private static CheckRow Listener(string code, ProtocolType protocol, int port, RelayPlan plan, Machine machine)
    {
        string name = $"{(protocol is ProtocolType.Udp ? "UDP" : "TCP")} port {port}";
        if (port == 0) return CheckRow.Warning(code, $"{name} is another one at every start, which no firewall and no client can know.", "thaw relay --port 3478");

        string? held = null;
        foreach (var end in plan.At(port))
        {
            switch (machine.Bind(protocol, end))
            {
                case null:
                    continue;
                case SocketError.AccessDenied:
                    return CheckRow.Problem(code, $"{name} needs more rights than this user has.", "AmbientCapabilities=CAP_NET_BIND_SERVICE    # in the service's unit", "sudo sysctl -w net.ipv4.ip_unprivileged_port_start=443");
                case SocketError.AddressNotAvailable:
                    return CheckRow.Problem(code, $"{end.Address} is no address of this machine.", "ip address    # shows which are; clients are told another one with --external-ip");
                case SocketError.AddressAlreadyInUse:
                    string owner = machine.OpenPorts.Where(open => open.IsTcp == (protocol is ProtocolType.Tcp) && open.Blocks(end)).Select(machine.OwnerOf).FirstOrDefault(found => found is not null) ?? "another process";
                    if (!owner.StartsWith("thaw ", StringComparison.Ordinal))
                        return CheckRow.Problem(code, $"{name} on {end.Address} is in use by {owner}.", "stop that, or choose another port with --port or --tls-port");
                    held = owner;
                    break;
                case { } error:
                    return CheckRow.Problem(code, $"{name} on {end.Address} cannot be had: {error}.");
            }
        }

        return CheckRow.Ok(code, held is null ? $"{name} is free." : $"{name} is held by {held}: a relay that runs already.");
    }

    private static CheckRow Range(RelayPlan plan, Machine machine)
    {
        const string code = "relay-range";
        var server = plan.Options.Server;
        int first = server.FirstRelayPort, last = server.LastRelayPort, size = last - first + 1;
        string name = $"UDP ports {first}-{last}";

        foreach (int port in new[] { plan.Options.Port, (int)plan.Options.TlsPort }.Where(port => port >= first && port <= last))
            return CheckRow.Warning(code, $"{name} include port {port}, where it listens.", "choose another --relay-range");
        if (size < server.TotalQuota && size < SmallRange)
            return CheckRow.Warning(code, $"{name} are {size} ports: no more relayed addresses at a time, though --total-quota allows {server.TotalQuota}.", "--relay-range 49152-65535, or a --total-quota that fits");
        if (size < SmallRange && Ephemeral(first, last, machine) is { } overlap) return overlap;

        int taken = machine.OpenPorts.Where(open => !open.IsTcp && open.Port >= first && open.Port <= last).Select(open => open.Port).Distinct().Count();
        return taken * 2 > size
            ? CheckRow.Warning(code, $"{taken} of the {name} are in use.", "choose another --relay-range")
            : CheckRow.Ok(code, $"{name}: {size} ports, {taken} in use. Open them in the firewall.");
    }

    // In a large range another port is drawn; in a small one what the system gave away is missed.
    private static CheckRow? Ephemeral(int first, int last, Machine machine)
    {
        if (machine.EphemeralPorts is not var (low, high) || high < first || low > last || IsReserved(first, last, machine.ReservedPorts)) return null;
        return CheckRow.Warning("relay-range", $"the system gives UDP ports {Math.Max(first, low)}-{Math.Min(last, high)} to any program that asks for one.",
            string.Create(CultureInfo.InvariantCulture, $"sudo sysctl -w net.ipv4.ip_local_reserved_ports={first}-{last}"));
    }

    private static bool IsReserved(int first, int last, string reserved) => reserved.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('-'))
        .Any(part => int.TryParse(part[0], out int low) && int.TryParse(part[^1], out int high) && low <= first && high >= last);
}
