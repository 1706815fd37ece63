namespace Thaw.Protocol.Ice;

/// <summary>RFC 8445's two formulas.</summary>
public static class CandidatePriority
{
    private const int Component = 1;

    // RFC 8445 §5.1.2.2; peer-reflexive above server-reflexive: §7.1.1.
    private static uint TypePreference(CandidateType type) => type switch
    {
        CandidateType.Host => 126,
        CandidateType.PeerReflexive => 110,
        CandidateType.ServerReflexive => 100,
        _ => 0,
    };

    /// <summary>RFC 8445 §5.1.2.1: type, then local preference, then component.</summary>
    public static uint Of(CandidateType type, ushort localPreference)
        => TypePreference(type) << 24 | (uint)localPreference << 8 | (256 - Component);

    /// <summary>The PRIORITY of a check: what the candidate would have, had the peer learned it from the check (RFC 8445 §7.1.1).</summary>
    public static uint AsPeerReflexive(uint priority) => TypePreference(CandidateType.PeerReflexive) << 24 | (priority & 0x00FF_FFFF);

    // RFC 8445 §6.1.2.3: 2^32*MIN(G,D) + 2*MAX(G,D) + (G>D?1:0), G being the controlling agent's.
    public static ulong OfPair(uint local, uint remote, IceRole role)
    {
        var (g, d) = role is IceRole.Controlling ? (local, remote) : (remote, local);
        return ((ulong)Math.Min(g, d) << 32) + 2UL * Math.Max(g, d) + (g > d ? 1UL : 0UL);
    }
}
