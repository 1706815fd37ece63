namespace Thaw.Cli.RelayChecks;

/// <summary>What the system grants.</summary>
internal static class SystemRows
{
    private const int OwnFiles = 100;                   // listeners, loops, the runtime
    private const long EnoughBuffer = 1 << 20;          // bytes, of a listener that all clients share
    private static readonly DateTimeOffset Written = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero); // no clock of a machine that runs this is before

    public static IEnumerable<CheckRow> Judge(RelayPlan plan, Machine machine)
    {
        yield return Files(plan, machine);
        yield return Buffers(machine);
        if (machine.ConnectionsTrackedMax is { } max) yield return Tracking(max, plan, machine);
        yield return Clock(machine, plan.Options.Server.SharedSecrets.Count > 0);
    }

    private static CheckRow Files(RelayPlan plan, Machine machine)
    {
        const string code = "open-files";
        int quota = plan.Options.Server.TotalQuota;
        long wanted = quota + OwnFiles;
        if (machine.OpenFiles is not { } limit) return CheckRow.Unknown(code, "the system does not say how many files a process may open.", $"ulimit -n    # should be {wanted} or more");
        if (limit >= wanted + plan.Options.MaxStreams) return CheckRow.Ok(code, $"{limit} files may be open: enough for {quota} relayed addresses and {plan.Options.MaxStreams} clients over TCP.");
        string[] fix = [$"LimitNOFILE={wanted + plan.Options.MaxStreams}    # in the service's unit", $"ulimit -n {wanted + plan.Options.MaxStreams}"];
        return limit >= wanted
            ? CheckRow.Ok(code, $"{limit} files may be open: {quota} relayed addresses, with fewer clients over TCP.")
            : CheckRow.Warning(code, $"{limit} files may be open, one for each relayed address: --total-quota {quota} is out of reach.", [.. fix, $"--total-quota {Math.Max(1, limit - OwnFiles)}"]);
    }

    private static CheckRow Buffers(Machine machine)
    {
        const string code = "udp-buffers";
        if (machine.ReceiveBufferMax is not { } max) return CheckRow.Unknown(code, "the system does not say how large a socket's buffer may be.");
        return max >= EnoughBuffer
            ? CheckRow.Ok(code, $"a socket may hold {max / 1024} KiB that arrived.")
            : CheckRow.Warning(code, $"a socket may hold {max / 1024} KiB that arrived: bursts of many clients are lost.", $"sudo sysctl -w net.core.rmem_max={4 * EnoughBuffer}");
    }

    private static CheckRow Tracking(long max, RelayPlan plan, Machine machine)
    {
        const string code = "conntrack";
        long used = machine.ConnectionsTracked ?? 0, wanted = 4L * plan.Options.Server.TotalQuota; // a client and some peers each
        string[] fix = [$"sudo sysctl -w net.netfilter.nf_conntrack_max={Math.Max(wanted, 2 * max)}", "or keep the relay's ports out of it: nft add rule ip raw prerouting udp dport RANGE notrack"];
        if (used * 10 > max * 9) return CheckRow.Problem(code, $"the firewall tracks {used} of at most {max} connections: beyond that it drops packets.", fix);
        return max < wanted
            ? CheckRow.Warning(code, $"the firewall tracks at most {max} connections; {plan.Options.Server.TotalQuota} relayed addresses may be {wanted}.", fix)
            : CheckRow.Ok(code, $"the firewall tracks {used} of at most {max} connections.");
    }

    private static CheckRow Clock(Machine machine, bool hasSecrets)
    {
        const string code = "clock";
        if (machine.Now < Written) return CheckRow.Problem(code, $"the clock says {machine.Now:yyyy-MM-dd}: minted credentials and certificates are judged by it.", "sudo timedatectl set-ntp true");
        if (machine.IsClockSynchronised is true) return CheckRow.Ok(code, $"the clock says {machine.Now:yyyy-MM-dd HH:mm:ss}Z and is kept right.");
        return hasSecrets
            ? CheckRow.Unknown(code, $"the clock says {machine.Now:yyyy-MM-dd HH:mm:ss}Z; whether anything keeps it right is not to be seen. Minted credentials end by it.", "timedatectl    # or: chronyc tracking")
            : CheckRow.Ok(code, $"the clock says {machine.Now:yyyy-MM-dd HH:mm:ss}Z.");
    }
}
