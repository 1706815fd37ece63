using Thaw.Protocol;
using static Thaw.Tests.World.Dependence;

namespace Thaw.Tests.World;

/// <summary>A kind of network to stand in, by what its edge does to UDP.</summary>
/// <param name="Translation">Null where addresses are public.</param>
internal sealed record NatKind(string Name, NatBehaviour? Translation = null)
{
    public Policy Policy { get; init; } = Policy.Open;

    /// <summary>Public addresses, but only those who were written to get in.</summary>
    public bool IsFirewalled { get; init; }

    public static NatKind Public { get; } = new("public");
    public static NatKind Firewalled { get; } = new("firewall") { IsFirewalled = true };
    public static NatKind EimEif { get; } = Of(EndpointIndependent, EndpointIndependent);
    public static NatKind EimAdf { get; } = Of(EndpointIndependent, AddressDependent);
    public static NatKind EimApdf { get; } = Of(EndpointIndependent, AddressAndPortDependent);
    public static NatKind AdmEif { get; } = Of(AddressDependent, EndpointIndependent);
    public static NatKind AdmAdf { get; } = Of(AddressDependent, AddressDependent);
    public static NatKind AdmApdf { get; } = Of(AddressDependent, AddressAndPortDependent);
    public static NatKind ApdmEif { get; } = Of(AddressAndPortDependent, EndpointIndependent);
    public static NatKind ApdmAdf { get; } = Of(AddressAndPortDependent, AddressDependent);
    public static NatKind ApdmApdf { get; } = Of(AddressAndPortDependent, AddressAndPortDependent);
    public static NatKind UdpBlocked { get; } = Of(EndpointIndependent, AddressAndPortDependent, "UDP blocked") with { Policy = Policy.UdpBlocked };
    public static NatKind OnlyTcp443 { get; } = UdpBlocked with { Name = "only TCP 443", Policy = Policy.OnlyTcp443 };

    /// <summary>Those of RFC 4787 and none, with UDP.</summary>
    public static NatKind[] WithUdp { get; } =
        [Public, Firewalled, EimEif, EimAdf, EimApdf, AdmEif, AdmAdf, AdmApdf, ApdmEif, ApdmAdf, ApdmApdf];

    public static NatKind[] All { get; } = [.. WithUdp, UdpBlocked];

    public bool HasUdp => !Policy.BlocksUdp;
    public Dependence Mapping => Translation?.Mapping ?? EndpointIndependent;
    public Dependence Filtering => IsFirewalled ? AddressAndPortDependent : Translation?.Filtering ?? EndpointIndependent;

    public override string ToString() => Name;

    public NatKind With(PortAssignment ports) => this with { Name = $"{Name} {ports}", Translation = Translation! with { Ports = ports } };

    public NatKind Hairpinning() => this with { Name = $"{Name} hairpin", Translation = Translation! with { Hairpins = true } };

    public Middlebox? Make(TransportAddress outside, int seed)
    {
        if (Translation is not null) return new Nat(Translation, seed, outside) { Policy = Policy };
        return IsFirewalled || Policy != Policy.Open ? new Firewall(Filtering) { Policy = Policy } : null;
    }

    private static NatKind Of(Dependence mapping, Dependence filtering, string? name = null)
        => new(name ?? $"{Short(mapping)}M+{Short(filtering)}F", new NatBehaviour(mapping, filtering) { Ports = PortAssignment.Random });

    private static string Short(Dependence on) => on switch { EndpointIndependent => "EI", AddressDependent => "AD", _ => "APD" };
}
