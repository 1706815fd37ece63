namespace Thaw.Protocol.Turn;

/// <summary>
/// IPv6 addresses that lead to an IPv4 one. A rule about the IPv4 address must hold for each such spelling of it.
/// (::ffff:0:0/96 needs no decoding: <see cref="TransportAddress"/> holds those as IPv4.)
/// </summary>
internal static class EmbeddedIPv4
{
    private static readonly AddressPrefix Compatible = AddressPrefix.Parse("::/96");    // RFC 4291 §2.5.5.1
    private static readonly AddressPrefix Nat64 = AddressPrefix.Parse("64:ff9b::/96");  // RFC 6052 §2.1
    private static readonly AddressPrefix SixToFour = AddressPrefix.Parse("2002::/16"); // RFC 3056 §2
    private static readonly AddressPrefix Teredo = AddressPrefix.Parse("2001::/32");    // RFC 4380 §4

    private const uint Isatap = 0x0000_5EFE, IsatapUniversal = 0x0200_5EFE; // RFC 5214 §6.1

    /// <param name="inner">In the form of <see cref="AddressPrefix.Bits"/>.</param>
    public static bool TryFind(UInt128 bits, out UInt128 inner)
    {
        uint? found = null;
        if (Compatible.Contains(bits) || Nat64.Contains(bits)) found = (uint)bits;
        else if (SixToFour.Contains(bits)) found = (uint)(bits >> 80);
        else if (Teredo.Contains(bits)) found = ~(uint)bits;
        else if ((uint)(bits >> 32) is Isatap or IsatapUniversal) found = (uint)bits;

        inner = AddressPrefix.FromIPv4(found ?? 0);
        return found is not null;
    }
}
