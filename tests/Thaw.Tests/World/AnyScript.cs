using CsCheck;

namespace Thaw.Tests.World;

/// <summary>
/// Random worlds. In each choice the plainest comes first, so that shrinking leads to plain worlds. Most have a path: where
/// there is none, checks go on for 40 s and more, and say little new.
/// </summary>
internal static class AnyScript
{
    private static readonly NatKind[] Common =
        [NatKind.Public, NatKind.Firewalled, NatKind.EimEif, NatKind.EimAdf, NatKind.EimApdf, NatKind.EimApdf.With(PortAssignment.Preserving)];

    private static readonly NatKind[] Rare =
        [NatKind.AdmEif, NatKind.AdmAdf, NatKind.AdmApdf, NatKind.ApdmAdf, NatKind.ApdmApdf,
            NatKind.ApdmApdf.With(PortAssignment.Sequential), NatKind.ApdmApdf.With(PortAssignment.Preserving)];

    private static readonly NatKind[] Odd = [NatKind.UdpBlocked, NatKind.OnlyTcp443, NatKind.ApdmEif];

    private static readonly NatKind[] Carriers =
        [NatKind.EimEif, NatKind.EimApdf, NatKind.EimApdf.Hairpinning(), NatKind.EimEif.Hairpinning(), NatKind.AdmApdf, NatKind.ApdmApdf, NatKind.ApdmApdf.Hairpinning()];

    private static readonly Gen<int> Percent = CsCheck.Gen.Int[0, 99];

    private static readonly Gen<NatKind> Nat =
        from which in CsCheck.Gen.Int[0, 1_000]
        from rarity in Percent
        let kinds = rarity < 78 ? Common : rarity < 94 ? Rare : Odd
        select kinds[which % kinds.Length];

    private static readonly Gen<Site> AnySite =
        from nat in Nat
        from carrier in CsCheck.Gen.Int[0, Carriers.Length - 1]
        from rare in Percent.Array[7]
        from dead in CsCheck.Gen.Int[1, 3]
        select new Site(nat)
        {
            Carrier = rare[0] >= 88 ? Carriers[carrier] : null,
            IPv6 = rare[1] >= 90 ? IPv6.Broken : rare[1] >= 80 ? IPv6.Works : IPv6.None,
            DialsTcp = rare[2] >= 60,
            ListensOnTcp = rare[3] >= 70,
            HasRelay = rare[4] >= 94,
            TellsNothing = rare[5] >= 95,
            DeadAddresses = rare[6] >= 85 ? dead : 0,
        };

    public static readonly Gen<Script> Gen =
        from seed in CsCheck.Gen.Int[0, 1_000_000]
        from sites in CsCheck.Gen.Select(AnySite, AnySite)
        from rare in Percent.Array[6]
        from roles in CsCheck.Gen.Int[0, 3]
        from together in CsCheck.Gen.Bool
        from link in CsCheck.Gen.Select(CsCheck.Gen.Double[0, 150], CsCheck.Gen.Double[0, 60], CsCheck.Gen.Double[0, 0.25])
        from signalling in CsCheck.Gen.Select(CsCheck.Gen.Double[0, 500], CsCheck.Gen.Double[0, 1500])
        select Settle(new Script(sites.Item1, sites.Item2)
        {
            Seed = seed,
            Sharing = rare[0] >= 90 ? Sharing.Home : rare[0] >= 80 ? Sharing.Carrier : Sharing.Nothing,
            Roles = (Roles)roles,
            Trickles = !together,
            Link = new Link(link.Item1, link.Item2, link.Item3, Duplication: rare[1] / 1000.0, Reordering: rare[1] / 1000.0),
            SignallingMs = signalling.Item1,
            SignallingJitterMs = signalling.Item2,
            EndIsNeverTold = rare[5] >= 80,
            StunIsSilent = rare[2] >= 96,
            TurnIsSilent = rare[3] >= 90,
            RelayRangeIsBlocked = rare[4] >= 90,
        });

    private static Script Settle(Script script)
    {
        // Who has a relay is found by what both tell and what STUN told them: then it is clear what there must be.
        if (script.Offerer.HasRelay || script.Answerer.HasRelay)
        {
            script = script with
            {
                StunIsSilent = false,
                Offerer = script.Offerer with { TellsNothing = false },
                Answerer = script.Answerer with { TellsNothing = false },
            };
        }

        if (script.Seed % 3 > 0 && NatTheory.BestPath(script.Offerer, script.Answerer) is Path.None)
            script = script with { Answerer = script.Answerer with { Nat = NatKind.Public } };

        // What two sites share must be the same on both.
        return script.Sharing switch
        {
            Sharing.Home => script with { Answerer = script.Answerer with { Nat = script.Offerer.Nat, Carrier = script.Offerer.Carrier, IPv6 = script.Offerer.IPv6 } },
            Sharing.Carrier when script.Offerer.Carrier is { } carrier => script with { Answerer = script.Answerer with { Carrier = carrier } },
            Sharing.Carrier => script with { Sharing = Sharing.Nothing },
            _ => script,
        };
    }
}
