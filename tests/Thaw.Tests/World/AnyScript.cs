using CsCheck;

namespace Thaw.Tests.World;

/// <summary>Random worlds. In each choice the plainest comes first, so that shrinking leads to plain worlds.</summary>
internal static class AnyScript
{
    private static readonly Gen<NatKind> Nat = OneOf(
        [NatKind.Public, NatKind.Firewalled, NatKind.EimEif, NatKind.EimAdf, NatKind.EimApdf, NatKind.EimApdf.With(PortAssignment.Preserving),
            NatKind.AdmEif, NatKind.AdmAdf, NatKind.AdmApdf, NatKind.ApdmEif, NatKind.ApdmAdf, NatKind.ApdmApdf,
            NatKind.ApdmApdf.With(PortAssignment.Sequential), NatKind.ApdmApdf.With(PortAssignment.Preserving), NatKind.UdpBlocked, NatKind.OnlyTcp443]);

    private static readonly Gen<NatKind> Carrier = OneOf(
        [NatKind.EimEif, NatKind.EimApdf, NatKind.EimApdf.Hairpinning(), NatKind.EimEif.Hairpinning(), NatKind.AdmApdf, NatKind.ApdmApdf, NatKind.ApdmApdf.Hairpinning()]);

    private static readonly Gen<Site> AnySite =
        from nat in Nat
        from carrier in Carrier
        from rare in CsCheck.Gen.Int[0, 99].Array[5]
        from dead in CsCheck.Gen.Int[0, 3]
        select new Site(nat)
        {
            Carrier = rare[0] >= 80 ? carrier : null,
            IPv6 = rare[1] >= 90 ? IPv6.Broken : rare[1] >= 80 ? IPv6.Works : IPv6.None,
            DialsTcp = rare[2] >= 60,
            ListensOnTcp = rare[3] >= 60,
            TellsNothing = rare[4] >= 90,
            DeadAddresses = dead,
        };

    public static readonly Gen<Script> Gen =
        from seed in CsCheck.Gen.Int[0, 1_000_000]
        from sites in CsCheck.Gen.Select(AnySite, AnySite)
        from rare in CsCheck.Gen.Int[0, 99].Array[3]
        from roles in CsCheck.Gen.Int[0, 3]
        from trickles in CsCheck.Gen.Bool
        from link in CsCheck.Gen.Select(CsCheck.Gen.Double[0, 150], CsCheck.Gen.Double[0, 60], CsCheck.Gen.Double[0, 0.25])
        from signalling in CsCheck.Gen.Select(CsCheck.Gen.Double[0, 500], CsCheck.Gen.Double[0, 1500])
        select Settle(new Script(sites.Item1, sites.Item2)
        {
            Seed = seed,
            Sharing = rare[0] >= 90 ? Sharing.Home : rare[0] >= 80 ? Sharing.Carrier : Sharing.Nothing,
            Roles = (Roles)roles,
            Trickles = !trickles,
            Link = new Link(link.Item1, link.Item2, link.Item3, Duplication: rare[1] / 1000.0, Reordering: rare[1] / 1000.0),
            SignallingMs = signalling.Item1,
            SignallingJitterMs = signalling.Item2,
            StunIsSilent = rare[2] >= 95,
        });

    private static Gen<T> OneOf<T>(T[] choices) => CsCheck.Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    // What two sites share must be the same on both.
    private static Script Settle(Script script) => script.Sharing switch
    {
        Sharing.Home => script with { Answerer = script.Answerer with { Nat = script.Offerer.Nat, Carrier = script.Offerer.Carrier, IPv6 = script.Offerer.IPv6 } },
        Sharing.Carrier when script.Offerer.Carrier is { } carrier => script with { Answerer = script.Answerer with { Carrier = carrier } },
        Sharing.Carrier => script with { Sharing = Sharing.Nothing },
        _ => script,
    };
}
