using System.Globalization;
using System.Text;

namespace Thaw.Tests.World;

public enum Roles { OffererControls, AnswererControls, BothControl, NeitherControls }

/// <summary>What the two sites have in common besides the internet.</summary>
public enum Sharing
{
    Nothing,
    Carrier, // behind the same carrier-grade NAT
    Home,    // on the same local network
}

public enum IPv6 { None, Works, Broken }

/// <summary>One side's network, from the host outward.</summary>
internal sealed record Site(NatKind Nat)
{
    /// <summary>The carrier's NAT around the home's.</summary>
    public NatKind? Carrier { get; init; }

    public IPv6 IPv6 { get; init; }

    /// <summary>Host candidates that lead nowhere: bridges, tunnels, machines that are asleep.</summary>
    public int DeadAddresses { get; init; }

    /// <summary>Passive ICE-TCP on port 443.</summary>
    public bool ListensOnTcp { get; init; }

    /// <summary>Active ICE-TCP.</summary>
    public bool DialsTcp { get; init; }

    /// <summary>Asks the TURN server, over UDP where that gets out, else over TCP on port 443.</summary>
    public bool HasRelay { get; init; }

    /// <summary>Tells no candidates: they are names that nobody can resolve.</summary>
    public bool TellsNothing { get; init; }

    public override string ToString()
    {
        var text = new StringBuilder(Nat.Name);
        if (Carrier is not null) text.Append($" behind {Carrier}");
        if (IPv6 is not IPv6.None) text.Append($", IPv6 {IPv6.ToString().ToLowerInvariant()}");
        if (DeadAddresses > 0) text.Append(CultureInfo.InvariantCulture, $", {DeadAddresses} dead addresses");
        if (ListensOnTcp) text.Append(", TCP passive on 443");
        if (DialsTcp) text.Append(", TCP active");
        if (HasRelay) text.Append(", relay");
        if (TellsNothing) text.Append(", tells no candidates");
        return text.ToString();
    }
}

/// <summary>A world as data: short enough to read, complete enough to run again.</summary>
internal sealed record Script(Site Offerer, Site Answerer)
{
    public int Seed { get; init; } = 1;
    public Sharing Sharing { get; init; }
    public Roles Roles { get; init; }

    /// <summary>Else each side tells all its candidates at once, when gathering is over or after two seconds.</summary>
    public bool Trickles { get; init; } = true;

    public Link Link { get; init; } = new();

    /// <summary>Of each message, one way; jitter lets candidates overtake the description.</summary>
    public double SignallingMs { get; init; } = 50;

    public double SignallingJitterMs { get; init; }

    /// <summary>Nobody says that gathering is over.</summary>
    public bool EndIsNeverTold { get; init; }

    public bool StunIsSilent { get; init; }

    public bool TurnIsSilent { get; init; }

    /// <summary>The relay's own firewall: its clients reach it, their peers do not.</summary>
    public bool RelayRangeIsBlocked { get; init; }

    public override string ToString()
    {
        string stun = StunIsSilent ? "silent" : "answers", turn = TurnIsSilent ? "silent" : RelayRangeIsBlocked ? "relay range blocked" : "answers";
        string told = Trickles ? "trickled" : "told at once", end = EndIsNeverTold ? ", without end" : "";
        return string.Create(CultureInfo.InvariantCulture, $"""
            seed       {Seed}
            offerer    {Offerer}
            answerer   {Answerer}
            sharing    {Sharing}
            roles      {Roles}
            candidates {told}{end}, signalling {SignallingMs:0.#} + {SignallingJitterMs:0.#} ms
            servers    STUN {stun}, TURN {turn}
            link       {Link}
            """);
    }
}
