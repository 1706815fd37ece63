using Thaw.Net.Addresses;
using Thaw.Protocol;

namespace Thaw.Cli.RelayChecks;

/// <summary>The addresses that clients are told.</summary>
internal static class AddressRows
{
    public static IEnumerable<CheckRow> Judge(RelayPlan plan, Machine machine)
    {
        foreach (var row in External(plan)) yield return row;
        if (plan.Relays.Count > 0) yield return Reachable(plan, machine);
        yield return IPv6(plan, machine);
        foreach (var row in Alternates(plan)) yield return row;
    }

    private static IEnumerable<CheckRow> External(RelayPlan plan)
    {
        const string code = "external-ip";
        foreach (var external in plan.Options.ExternalAddresses)
        {
            if (!plan.Relays.Any(relay => RelayPlan.FamilyOf(relay.Local) == external.AddressFamily))
                yield return CheckRow.Problem(code, $"{external} has no local address of its family to relay from.", "leave it out, or name a local one with --listen or --relay-ip");
            else if (plan.Options.ExternalAddresses.First(other => other.AddressFamily == external.AddressFamily) is var first && !first.Equals(external))
                yield return CheckRow.Problem(code, $"{external} and {first}: there is one external address of each family.", "leave one out");
            else if (plan.Relays.Any(relay => relay.Local.Address.Equals(external)))
                yield return CheckRow.Warning(code, $"{external} is this machine's own address: nothing translates it.", "leave --external-ip out");
            else if (AddressScopes.Of(external) is not AddressScope.Global && !plan.IsForPrivateNetworks)
                yield return CheckRow.Warning(code, $"{external} is not an address of the Internet.", "--external-ip PUBLIC");
        }
    }

    private static CheckRow Reachable(RelayPlan plan, Machine machine)
    {
        const string code = "address";
        string told = string.Join(" and ", plan.Relays.Select(relay => relay.Announced.Address));
        AnnouncedAs[] announced = [.. plan.Relays.Select(relay => new AnnouncedAs(relay.Announced, relay.Announced != relay.Local))];
        if (Reachability.Judge(machine.Host, announced, new ReachabilityQuestion()) is not [var finding, ..]) return CheckRow.Ok(code, $"clients are told {told}.");

        string about = finding.Detail;
        return finding.Problem switch
        {
            ReachabilityProblem.OnlyLoopback => CheckRow.Warning(code, $"only this machine reaches {told}.", "thaw relay --listen ADDRESS"),
            ReachabilityProblem.PrivateNetwork or ReachabilityProblem.CloudNat when plan.IsForPrivateNetworks => CheckRow.Ok(code, $"clients are told {told}, in the private network that --profile lan is for."),
            ReachabilityProblem.PrivateNetwork => CheckRow.Warning(code, $"clients on other networks do not reach {about}: is there a router or a 1:1 NAT before it?", "--external-ip PUBLIC, and forward the ports to this machine", "--profile lan    # where clients and peers are in this network"),
            ReachabilityProblem.ContainerNetwork when plan.IsForPrivateNetworks => CheckRow.Warning(code, $"only containers in the same network reach {about}.", "docker run --network host IMAGE relay    # for others"),
            ReachabilityProblem.ContainerNetwork => CheckRow.Problem(code, $"outside of this container's host nobody reaches {about}.", "docker run --network host IMAGE relay", "--external-ip PUBLIC, and publish the listening ports and the whole --relay-range"),
            ReachabilityProblem.HttpOnlyPlatform => CheckRow.Problem(code, $"{about} passes on HTTP but no UDP.", "run the relay where UDP ports can be opened"),
            ReachabilityProblem.CloudNat => CheckRow.Problem(code, $"the cloud translates a public address to {about}; clients are told {about}, which they do not reach.", "--external-ip PUBLIC"),
            ReachabilityProblem.WslNat => CheckRow.Problem(code, $"{about} is WSL's own network, which only this Windows reaches.", "networkingMode=mirrored under [wsl2] in %UserProfile%\\.wslconfig"),
            ReachabilityProblem.VmNat => CheckRow.Problem(code, $"{about} is behind the hypervisor's NAT.", "give the virtual machine a bridged adapter"),
            ReachabilityProblem.ProviderNat => CheckRow.Problem(code, $"{about} is shared by the provider's customers (RFC 6598): no port can be forwarded to it.", "run the relay on a machine with an address of its own"),
            _ => CheckRow.Warning(code, $"{finding.Problem}: {about}."),
        };
    }

    private static CheckRow IPv6(RelayPlan plan, Machine machine)
    {
        const string code = "ipv6";
        if (plan.Relays.Any(relay => relay.Local.IsIPv6)) return CheckRow.Ok(code, "IPv6 is relayed.");
        var unused = machine.Host.Addresses.FirstOrDefault(a => new TransportAddress(a.Address, 0).IsIPv6 && AddressScopes.Of(a.Address) is AddressScope.Global);
        return unused is null
            ? CheckRow.Ok(code, "this machine has no public IPv6 address; clients with nothing else do not reach it.")
            : CheckRow.Warning(code, $"this machine has {unused.Address}, which is not used.", $"--listen {unused.Address}");
    }

    private static IEnumerable<CheckRow> Alternates(RelayPlan plan)
    {
        const string code = "alternate-server";
        var alternates = plan.Options.Server.Alternates;
        foreach (var alternate in alternates)
        {
            bool isSelf = alternate.Port == plan.Options.Port
                && (plan.Listen.Contains(alternate.Address) || plan.Relays.Any(relay => relay.Announced.SameAddress(alternate)));
            if (isSelf) yield return CheckRow.Problem(code, $"{alternate} is this relay itself: its clients would be sent in a circle.", "name another server");
        }

        if (alternates.GroupBy(alternate => alternate.IsIPv4).Any(family => family.Count() > 1))
            yield return CheckRow.Warning(code, "of several alternate servers of one family the first is named.", "leave the others out");
    }
}
