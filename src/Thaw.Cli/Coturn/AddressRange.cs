using System.Buffers.Binary;
using System.Net;

namespace Thaw.Cli.Coturn;

/// <summary>From one address to another, as coturn writes blocks of peers; as prefixes, as we do.</summary>
internal static class AddressRange
{
    /// <param name="text"><c>a-b</c>, <c>a</c>, or a prefix.</param>
    /// <returns>The fewest prefixes that are the range; null if it is none.</returns>
    public static string[]? ToPrefixes(string text)
    {
        if (text.Contains('/', StringComparison.Ordinal)) return IPNetwork.TryParse(text, out _) ? [text] : null;

        string[] ends = text.Split('-');
        if (ends.Length > 2 || !IPAddress.TryParse(ends[0], out var from) || !IPAddress.TryParse(ends[^1], out var to)) return null;
        if (from.AddressFamily != to.AddressFamily || from.ToString().Contains('%', StringComparison.Ordinal)) return null;

        int width = from.GetAddressBytes().Length * 8;
        UInt128 first = Bits(from), last = Bits(to);
        if (first > last) return null;

        var prefixes = new List<string>();
        while (true)
        {
            // The largest block that begins here and ends in the range.
            int free = 0;
            while (free < width && (first >> free & 1) == 0 && last - first >= ((UInt128.One << (free + 1)) - 1)) free++;
            prefixes.Add($"{Address(first, width)}/{width - free}");
            UInt128 end = first + ((UInt128.One << free) - 1);
            if (free == 128 || end >= last) return [.. prefixes];
            first = end + 1;
        }
    }

    private static UInt128 Bits(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        return bytes.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static IPAddress Address(UInt128 bits, int width)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, bits);
        return new IPAddress(bytes[^(width / 8)..]);
    }
}
