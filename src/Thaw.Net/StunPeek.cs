using System.Buffers.Binary;

namespace Thaw.Net;

/// <summary>Just enough of STUN to find a session: no validation beyond bounds.</summary>
internal static class StunPeek
{
    private const int HeaderLength = 20;   // RFC 8489 §5
    private const ushort Username = 0x0006; // RFC 8489 §14.3

    /// <summary>The receiver's half of USERNAME, which is <c>local:remote</c> as the receiver sees it (RFC 8445 §7.2.2).</summary>
    public static bool TryReadLocalUfrag(ReadOnlySpan<byte> datagram, out ReadOnlySpan<byte> ufrag)
    {
        ufrag = default;
        if (datagram.Length < HeaderLength) return false;

        var rest = datagram[HeaderLength..];
        while (rest.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (length > rest.Length - 4) return false;

            if (BinaryPrimitives.ReadUInt16BigEndian(rest) == Username)
            {
                var value = rest.Slice(4, length);
                int colon = value.IndexOf((byte)':');
                if (colon <= 0) return false;
                ufrag = value[..colon];
                return true;
            }

            int padded = 4 + ((length + 3) & ~3); // RFC 8489 §14
            if (padded > rest.Length) return false;
            rest = rest[padded..];
        }
        return false;
    }
}
