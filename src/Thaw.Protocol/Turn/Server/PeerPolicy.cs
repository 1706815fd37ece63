namespace Thaw.Protocol.Turn;

/// <summary>A block of peers that the server will not talk to, and why.</summary>
/// <param name="Prefix">Null for a rule about ports.</param>
public sealed record PeerRule(AddressPrefix? Prefix, string Reason)
{
    public override string ToString() => Prefix is null ? Reason : $"{Prefix} ({Reason})";
}

/// <summary>
/// Which peers a client may reach through the server. The one place that decides it: for permissions, channels and
/// every single Send. What is allowed by name is allowed; else what lies in a denied block, however spelled, is not.
/// </summary>
public sealed partial class PeerPolicy
{
    // Amplifiers that a forged "peer" would wake: DNS, NTP, SNMP, CLDAP, SSDP, memcached.
    private static readonly ushort[] Amplifiers = [53, 123, 161, 389, 1900, 11211];

    private static readonly PeerRule PortZero = new(null, "port 0 is nobody's");
    private static readonly PeerRule Amplifier = new(null, "port of a service that amplifies");

    private readonly AddressPrefix[] _allowed;
    private readonly PeerRule[] _denied;

    /// <param name="allowed">Exceptions: they win over every rule but that of ports.</param>
    /// <param name="denied">See <see cref="ReservedAddresses.Public"/>.</param>
    public PeerPolicy(IEnumerable<AddressPrefix> allowed, IEnumerable<PeerRule> denied)
    {
        _allowed = [.. allowed];
        _denied = [.. denied];
    }

    /// <summary>The Internet's hosts only.</summary>
    public static PeerPolicy Public { get; } = new([], ReservedAddresses.Public);

    /// <summary>Private networks too (RFC 1918, RFC 4193, RFC 6598): for a relay inside of one.</summary>
    public static PeerPolicy Lan { get; } = new([], ReservedAddresses.Lan);

    /// <summary>This policy with more exceptions and more rules.</summary>
    public PeerPolicy With(IEnumerable<AddressPrefix> allowed, IEnumerable<PeerRule> denied)
        => new([.. _allowed, .. allowed], [.. denied, .. _denied]) { _only = _only };

    /// <returns>The rule that denies it, or null.</returns>
    public PeerRule? Judge(TransportAddress peer)
    {
        if (_only is not null) return IsServed(peer) ? null : NotServed;
        return JudgePort(peer.Port) ?? JudgeAddress(peer);
    }

    /// <summary>The same without the port, which a permission does not have (RFC 8656 §10.2).</summary>
    public PeerRule? JudgeAddress(TransportAddress peer)
    {
        if (_only is not null) return IsServedAddress(peer) ? null : NotServed;
        var bits = AddressPrefix.Bits(peer);
        if (IsAllowed(bits)) return null;
        return Denying(bits) ?? (EmbeddedIPv4.TryFind(bits, out var inner) ? Denying(inner) : null);
    }

    internal static PeerRule? JudgePort(ushort port) => port == 0 ? PortZero : Amplifiers.AsSpan().Contains(port) ? Amplifier : null;

    // Where the peers are counted, nobody else is one by being a relayed address of ours.
    internal bool IsAllowedByName(TransportAddress peer) => _only is not null || IsAllowed(AddressPrefix.Bits(peer));

    private bool IsAllowed(UInt128 bits)
    {
        foreach (var prefix in _allowed)
            if (prefix.Contains(bits)) return true;
        return false;
    }

    private PeerRule? Denying(UInt128 bits)
    {
        foreach (var rule in _denied)
            if (rule.Prefix is { } prefix && prefix.Contains(bits)) return rule;
        return null;
    }
}
