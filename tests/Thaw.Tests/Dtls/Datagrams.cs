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

    /// <summary>Makes a ClientHello look like a browser's: DTLS 1.3 first, and a post-quantum key share that fills a datagram.</summary>
    public static byte[] OfferDtls13(byte[] datagram)
    {
        byte[] versions = [0, 43, 0, 5, 4, 0xFE, 0xFC, 0xFE, 0xFD]; // RFC 8446 §4.2.1
        byte[] keyShare = [0, 51, 0x04, 0xC6, 0x04, 0xC4, 0x11, 0xEC, 0x04, 0xC0, .. new byte[0x4C0]]; // X25519MLKEM768
        byte[] hello = [.. datagram, .. versions, .. keyShare];
        int added = versions.Length + keyShare.Length;

        int at = RecordHeader + MessageHeader + 2 + 32; // client_version, random (RFC 6347 §4.3.2)
        at += 1 + hello[at]; // session_id
        at += 1 + hello[at]; // cookie
        at += 2 + BinaryPrimitives.ReadUInt16BigEndian(hello.AsSpan(at)); // cipher_suites
        at += 1 + hello[at]; // compression_methods
        BinaryPrimitives.WriteUInt16BigEndian(hello.AsSpan(at), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(hello.AsSpan(at)) + added));

        int length = hello.Length - RecordHeader - MessageHeader;
        WriteUInt24(hello.AsSpan(RecordHeader + 1), length);
        WriteUInt24(hello.AsSpan(RecordHeader + 9), length);
        return hello;
    }

    private static void WriteUInt24(Span<byte> at, int value)
    {
        at[0] = (byte)(value >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(at[1..], (ushort)value);
    }
}
