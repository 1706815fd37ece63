namespace Thaw.Protocol.Turn;

/// <summary>
/// Blocks in which no stranger's host is: a relay that reaches them lets its clients into its own network. After the
/// IANA special-purpose registries (RFC 6890 and its successors).
/// </summary>
public static class ReservedAddresses
{
    private static readonly PeerRule[] Private =
    [
        Rule("10.0.0.0/8", "private, RFC 1918"),
        Rule("100.64.0.0/10", "carrier's NAT, RFC 6598"),
        Rule("172.16.0.0/12", "private, RFC 1918"),
        Rule("192.168.0.0/16", "private, RFC 1918"),
        Rule("fc00::/7", "private, RFC 4193"),
    ];

    private static readonly PeerRule[] Special =
    [
        Rule("0.0.0.0/8", "this network, RFC 1122"),
        Rule("127.0.0.0/8", "loopback"),
        Rule("169.254.0.0/16", "link-local, cloud metadata"),
        Rule("192.0.0.0/24", "protocol assignments, RFC 6890"),
        Rule("192.0.2.0/24", "documentation"),
        Rule("192.31.196.0/24", "AS112, RFC 7535"),
        Rule("192.52.193.0/24", "AMT, RFC 7450"),
        Rule("192.88.99.0/24", "6to4 relays, RFC 7526"),
        Rule("192.175.48.0/24", "AS112, RFC 7534"),
        Rule("198.18.0.0/15", "benchmarks, RFC 2544"),
        Rule("198.51.100.0/24", "documentation"),
        Rule("203.0.113.0/24", "documentation"),
        Rule("224.0.0.0/4", "multicast"),
        Rule("240.0.0.0/4", "reserved, broadcast"),
        Rule("::1/128", "loopback"),
        Rule("::/96", "unspecified, IPv4-compatible"),
        Rule("64:ff9b:1::/48", "local NAT64, RFC 8215"),
        Rule("100::/64", "discard, RFC 6666"),
        Rule("100:0:0:1::/64", "dummy prefix, RFC 9780"),
        Rule("2001::/23", "protocol assignments, Teredo"),
        Rule("2001:db8::/32", "documentation"),
        Rule("2002::/16", "6to4, RFC 3056"),
        Rule("2620:4f:8000::/48", "AS112, RFC 7534"),
        Rule("3fff::/20", "documentation, RFC 9637"),
        Rule("5f00::/16", "SRv6, RFC 9602"),
        Rule("fd00:ec2::/32", "cloud metadata"),
        Rule("fe80::/10", "link-local"),
        Rule("fec0::/10", "site-local, RFC 3879"),
        Rule("ff00::/8", "multicast"),
    ];

    /// <summary>For a relay on the Internet: the default.</summary>
    public static IReadOnlyList<PeerRule> Public { get; } = [.. Special, .. Private];

    /// <summary>For a relay inside a private network, whose hosts are its peers.</summary>
    public static IReadOnlyList<PeerRule> Lan { get; } = Special;

    private static PeerRule Rule(string prefix, string reason) => new(AddressPrefix.Parse(prefix), reason);
}
