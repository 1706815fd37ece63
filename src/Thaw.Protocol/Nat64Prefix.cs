namespace Thaw.Protocol;

/// <summary>
/// Under which IPv6 prefix a network without IPv4 reaches IPv4 hosts (RFC 6052): a NAT64 turns the one into the other, so an
/// IPv4 candidate of the peer is within reach after all.
/// </summary>
public readonly record struct Nat64Prefix
{
    private const int ReservedOctet = 8; // RFC 6052 §2.2: bits 64 to 71 are zero

    private static readonly int[] Lengths = [96, 64, 56, 48, 40, 32]; // RFC 6052 §2.2

    // RFC 7050 §2.2: what ipv4only.arpa has by IPv4, and a NAT64's resolver therefore shows inside IPv6 addresses.
    private static readonly byte[][] WellKnown = [[192, 0, 0, 170], [192, 0, 0, 171]];

    private readonly TransportAddress _prefix;

    private Nat64Prefix(TransportAddress prefix, int length) => (_prefix, Length) = (prefix, length);

    /// <summary>32, 40, 48, 56, 64 or 96 bits.</summary>
    public int Length { get; }

    /// <summary>Reads the prefix off an IPv6 address of <c>ipv4only.arpa</c> (RFC 7050 §3). False where it shows none.</summary>
    public static bool TryFind(TransportAddress answer, out Nat64Prefix prefix)
    {
        prefix = default;
        if (!answer.IsIPv6) return false;

        Span<byte> bytes = stackalloc byte[16];
        answer.WriteAddress(bytes);
        Span<byte> embedded = stackalloc byte[4];
        foreach (int length in Lengths)
        {
            Extract(bytes, length, embedded);
            if (!embedded.SequenceEqual(WellKnown[0]) && !embedded.SequenceEqual(WellKnown[1])) continue;
            bytes[(length / 8)..].Clear();
            prefix = new Nat64Prefix(TransportAddress.FromIPv6(bytes, 0), length);
            return true;
        }

        return false;
    }

    /// <summary>The IPv6 address behind which the NAT64 has that IPv4 address; port and protocol stay.</summary>
    /// <exception cref="ArgumentException">Not an IPv4 address.</exception>
    public TransportAddress Synthesize(TransportAddress address)
    {
        if (!address.IsIPv4 || Length == 0) throw new ArgumentException("Only an IPv4 address can be put behind a NAT64's prefix.", nameof(address));

        Span<byte> bytes = stackalloc byte[16], embedded = stackalloc byte[4];
        _prefix.WriteAddress(bytes);
        address.WriteAddress(embedded);
        int at = Length / 8;
        foreach (byte b in embedded)
        {
            if (at == ReservedOctet) at++;
            bytes[at++] = b;
        }

        return TransportAddress.FromIPv6(bytes, address.Port).Over(address.Protocol);
    }

    private static void Extract(ReadOnlySpan<byte> address, int length, Span<byte> embedded)
    {
        int at = length / 8;
        for (int i = 0; i < embedded.Length; i++)
        {
            if (at == ReservedOctet) at++;
            embedded[i] = address[at++];
        }
    }
}
