using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;

namespace Thaw.Net.Addresses;

/// <summary>What stands between the announced addresses and those who should reach them. Facts in, findings out.</summary>
public static class Reachability
{
    private static readonly IPNetwork HypervisorNat = IPNetwork.Parse("10.0.2.0/24"); // VirtualBox's and QEMU's user network
    private static readonly IPNetwork WslNat = IPNetwork.Parse("172.16.0.0/12");
    private static readonly IPAddress HypervisorGuest = IPAddress.Parse("10.0.2.15"); // the lease that the first guest gets

    /// <param name="announced">The addresses of the host and announced candidates.</param>
    public static IReadOnlyList<ReachabilityFinding> Judge(HostFacts facts, IReadOnlyList<AnnouncedAs> announced, ReachabilityQuestion asked)
    {
        var findings = new List<ReachabilityFinding>();
        foreach (string name in asked.UnknownNames) findings.Add(new(ReachabilityProblem.NameUnknown, false, name));
        foreach (var lost in asked.Unannounced) findings.Add(new(ReachabilityProblem.NoSocketOfFamily, false, lost.ToString()));

        bool four = announced.Any(a => a.Address.IsIPv4 && IsForOutsiders(a)), six = announced.Any(a => a.Address.IsIPv6 && IsForOutsiders(a));
        if (facts.HttpOnlyPlatform is { } platform) findings.Add(new(ReachabilityProblem.HttpOnlyPlatform, !asked.HasRelay, platform));
        else if (!four && !asked.HasRelay && Enclosure(facts, announced, six) is { } enclosure)
            findings.Add(asked.HasReflexive ? enclosure with { IsFatal = false } : enclosure);

        if (facts.IsBridgedContainer && asked.IsHttpLocal) findings.Add(new(ReachabilityProblem.HttpInsideContainer, true));
        return findings;
    }

    // The innermost wall first: what is outside of it cannot be seen from in here.
    private static ReachabilityFinding? Enclosure(HostFacts facts, IReadOnlyList<AnnouncedAs> announced, bool hasIPv6)
    {
        IPAddress[] outside = [.. announced.Where(a => !a.Address.IsLoopback).OrderBy(a => !a.Address.IsIPv4).Select(a => a.Address.Address)];
        if (outside is not [var first, ..]) return new(ReachabilityProblem.OnlyLoopback, false);
        if (hasIPv6 && first.AddressFamily is AddressFamily.InterNetworkV6) return null; // a network without IPv4, and a way out of it

        var (problem, isFatal, about) = facts switch
        {
            { IsBridgedContainer: true } => (ReachabilityProblem.ContainerNetwork, true, first),
            { Cloud: not CloudProvider.None } => (ReachabilityProblem.CloudNat, true, first),
            { IsWsl: true } when WslNat.Contains(first) => (ReachabilityProblem.WslNat, true, first),
            _ when first.Equals(HypervisorGuest) || (facts.IsDesktopVm && HypervisorNat.Contains(first)) => (ReachabilityProblem.VmNat, true, first),
            _ when facts.Addresses.FirstOrDefault(IsBehindProvider) is { Address: var shared } => (ReachabilityProblem.ProviderNat, true, shared),
            _ => (ReachabilityProblem.PrivateNetwork, false, first),
        };
        return new ReachabilityFinding(problem, isFatal && !hasIPv6, about.ToString());
    }

    private static bool IsForOutsiders(AnnouncedAs announced)
        => announced.IsMapped || AddressScopes.Of(announced.Address.Address) is AddressScope.Global;

    private static bool IsBehindProvider(InterfaceAddress address) // an overlay's address is of the same range, on a tunnel
        => address.Kind is InterfaceKind.Ordinary && AddressScopes.Of(address.Address) is AddressScope.SharedByProvider;
}

/// <param name="IsMapped">The user said so: it is not the local address behind it.</param>
public sealed record AnnouncedAs(TransportAddress Address, bool IsMapped);

/// <summary>What of the settings matters.</summary>
public sealed record ReachabilityQuestion
{
    /// <summary>HTTP is served on loopback.</summary>
    public bool IsHttpLocal { get; init; }

    /// <summary>There is a TURN server to go through.</summary>
    public bool HasRelay { get; init; }

    /// <summary>A STUN server told an address: through many NATs a client gets in by it.</summary>
    public bool HasReflexive { get; init; }

    /// <summary>Names to announce that are not found.</summary>
    public IReadOnlyList<string> UnknownNames { get; init; } = [];

    /// <summary>Addresses to announce that no socket can stand for.</summary>
    public IReadOnlyList<IPAddress> Unannounced { get; init; } = [];
}

/// <param name="IsFatal">Nobody gets through who should; else only some do not.</param>
/// <param name="Detail">The address, name or platform that it is about; empty where there is none.</param>
public sealed record ReachabilityFinding(ReachabilityProblem Problem, bool IsFatal, string Detail = "");

public enum ReachabilityProblem
{
    OnlyLoopback,        // this machine talks to itself
    PrivateNetwork,      // an ordinary LAN, or a machine behind a router
    ContainerNetwork,    // a bridge that only its host knows
    HttpInsideContainer, // a published port leads to the container's address, where nobody listens
    HttpOnlyPlatform,
    CloudNat,            // the public address is translated (1:1) outside of the machine
    WslNat,
    VmNat,
    ProviderNat,         // carrier-grade NAT: no port can be forwarded
    NameUnknown,
    NoSocketOfFamily,
}
