using System.Text;

namespace Thaw.Protocol.Mdns;

/// <summary>Domain names on the wire (RFC 1035 §4.1.4). Compression pointers only ever lead backwards, so none leads in a circle.</summary>
internal static class DnsName
{
    private const int MaxLength = 255;        // RFC 1035 §2.3.4
    private const int LabelKind = 0b1100_0000;

    /// <summary>Steps over the name at <paramref name="offset"/>. False if it is not one.</summary>
    public static bool TrySkip(ReadOnlySpan<byte> message, ref int offset) => TryWalk(message, ref offset, default, out _);

    /// <summary>Compares without case; the name is known to be well formed.</summary>
    public static bool Equals(ReadOnlySpan<byte> message, int offset, ReadOnlySpan<char> name)
        => TryWalk(message, ref offset, name, out bool equal) && equal;

    /// <summary>Writes each label of <paramref name="name"/>, which is well formed.</summary>
    public static int Write(Span<byte> buffer, ReadOnlySpan<char> name)
    {
        int at = 0;
        foreach (var label in name.Split('.'))
        {
            int length = Encoding.ASCII.GetBytes(name[label], buffer[(at + 1)..]);
            buffer[at] = (byte)length;
            at += 1 + length;
        }

        buffer[at] = 0;
        return at + 1;
    }

    private static bool TryWalk(ReadOnlySpan<byte> message, ref int offset, ReadOnlySpan<char> expected, out bool equal)
    {
        equal = true;
        int at = offset, end = -1, length = 0, start = offset;
        while (at < message.Length)
        {
            int size = message[at];
            switch (size & LabelKind)
            {
                case 0 when size == 0:
                    offset = end >= 0 ? end : at + 1;
                    equal &= expected.IsEmpty;
                    return true;
                case 0:
                    if (at + 1 + size > message.Length || (length += size + 1) >= MaxLength) return false;
                    equal = equal && TakeLabel(message.Slice(at + 1, size), ref expected);
                    at += 1 + size;
                    break;
                case LabelKind:
                    if (at + 1 >= message.Length) return false;
                    int target = (size & ~LabelKind) << 8 | message[at + 1];
                    if (target >= start) return false; // each jump goes further back than the one before
                    if (end < 0) end = at + 2;
                    at = start = target;
                    break;
                default:
                    return false; // reserved: RFC 1035 §4.1.4
            }
        }

        return false;
    }

    private static bool TakeLabel(ReadOnlySpan<byte> label, ref ReadOnlySpan<char> expected)
    {
        if (expected.Length < label.Length || !Ascii.EqualsIgnoreCase(label, expected[..label.Length])) return false;
        expected = expected[label.Length..];
        if (expected.IsEmpty) return true;
        if (expected[0] != '.') return false;
        expected = expected[1..];
        return true;
    }
}
