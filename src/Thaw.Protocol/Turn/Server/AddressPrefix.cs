using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Thaw.Protocol.Turn;

/// <summary>A block of addresses (RFC 4632). IPv4 is the block ::ffff:0:0/96 of IPv6, so that both compare alike.</summary>
public readonly record struct AddressPrefix
{
    private const int MappedLength = 96; // RFC 4291 §2.5.5.2

    private readonly UInt128 _bits;
    private readonly int _length;

    private AddressPrefix(UInt128 bits, int length)
    {
        _bits = bits;
        _length = length;
    }

    /// <summary>The one address.</summary>
    public AddressPrefix(TransportAddress address) : this(Bits(address), 128) { }

    /// <summary>Reads <c>10.0.0.0/8</c>, <c>fc00::/7</c> or one address.</summary>
    /// <returns>False also where bits are set behind the prefix: a typing error must not open or close another block.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out AddressPrefix prefix)
    {
        prefix = default;
        if (text is null) return false;

        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address) || address.ScopeId() != 0) return false;

        int widest = address.GetAddressBytes().Length * 8, length = widest;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > widest))
            return false;

        if (widest == 32) length += MappedLength;
        var bits = Bits(new TransportAddress(address, 0));
        prefix = new AddressPrefix(bits, length);
        return length == 128 || bits << length == 0;
    }

    /// <exception cref="FormatException">It is no prefix.</exception>
    public static AddressPrefix Parse(string text)
        => TryParse(text, out var prefix) ? prefix : throw new FormatException($"\"{text}\" is no address and no prefix such as 10.0.0.0/8.");

    public bool Contains(TransportAddress address) => Contains(Bits(address));

    internal bool Contains(UInt128 bits) => _length == 0 || (bits ^ _bits) >> (128 - _length) == 0;

    internal static UInt128 Bits(TransportAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address.WriteAddress(bytes) == 4
            ? FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    internal static UInt128 FromIPv4(uint address) => (UInt128)0xFFFF << 32 | address;

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _bits);
        bool isIPv4 = _length >= MappedLength && _bits >> 32 == 0xFFFF;
        return isIPv4 ? $"{new IPAddress(bytes[12..])}/{_length - MappedLength}" : $"{new IPAddress(bytes)}/{_length}";
    }
}

file static class IPAddressScope
{
    public static long ScopeId(this IPAddress address) => address.GetAddressBytes().Length == 16 ? address.ScopeId : 0;
}
