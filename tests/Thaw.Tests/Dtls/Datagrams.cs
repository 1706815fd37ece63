using System.Buffers.Binary;

namespace Thaw.Tests.Dtls;

/// <summary>Surgery on plaintext DTLS datagrams.</summary>
internal static class Datagrams
{
    private const int RecordHeader = 13, MessageHeader = 12;

    /// <summary>Cuts the datagram's one plaintext handshake message into records of at most <paramref name="size"/> body bytes.</summary>
    public static List<byte[]> Fragment(byte[] datagram, int size)
    {
        byte[] body = datagram[(RecordHeader + MessageHeader)..];
        List<byte[]> fragments = [];
        for (int at = 0; at < body.Length; at += size)
        {
            byte[] part = body[at..Math.Min(at + size, body.Length)];
            byte[] fragment = [.. datagram[..(RecordHeader + MessageHeader)], .. part];
            fragment[10] += (byte)fragments.Count; // record sequence number
            BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(11), (ushort)(MessageHeader + part.Length));
            WriteUInt24(fragment.AsSpan(RecordHeader + 6), at);
            WriteUInt24(fragment.AsSpan(RecordHeader + 9), part.Length);
            fragments.Add(fragment);
        }

        return fragments;
    }

    /// <summary>Overwrites both offered profiles in use_srtp (RFC 5764 §4.1.1: extension 14).</summary>
    public static byte[] ReplaceProfiles(byte[] datagram, ushort profile)
    {
        byte[] copy = [.. datagram];
        int at = copy.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 14, 0, 7, 0, 4]);
        if (at < 0) return copy;
        BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(at + 6), profile);
        BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(at + 8), profile);
        return copy;
    }

    private static void WriteUInt24(Span<byte> at, int value)
    {
        at[0] = (byte)(value >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(at[1..], (ushort)value);
    }
}
