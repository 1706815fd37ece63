using System.Buffers.Binary;

namespace Thaw.Protocol.Mdns;

/// <summary>Questions and address answers (RFC 6762 §18). Names are <see cref="LocalName"/>s, so that everything fits any buffer.</summary>
internal static class MdnsWriter
{
    /// <summary>One question a message: Chromium's responder hears no others.</summary>
    public static int WriteQuestion(Span<byte> buffer, ReadOnlySpan<char> name, DnsType type)
    {
        WriteHeader(buffer, flags: 0, questions: 1, answers: 0); // RFC 6762 §18.1: the identifier is zero
        int at = DnsHeader.Length + DnsName.Write(buffer[DnsHeader.Length..], name);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[at..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[(at + 2)..], DnsClass.Internet);
        return at + 4;
    }

    public static int WriteAnswer(Span<byte> buffer, ReadOnlySpan<char> name, TransportAddress address, uint secondsToLive)
    {
        WriteHeader(buffer, DnsHeader.Response | DnsHeader.Authoritative, questions: 0, answers: 1);
        int at = DnsHeader.Length + DnsName.Write(buffer[DnsHeader.Length..], name);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[at..], (ushort)(address.IsIPv4 ? DnsType.A : DnsType.Aaaa));
        BinaryPrimitives.WriteUInt16BigEndian(buffer[(at + 2)..], DnsClass.Internet | DnsClass.TopBit);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[(at + 4)..], secondsToLive);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[(at + 8)..], (ushort)address.AddressLength);
        return at + 10 + address.WriteAddress(buffer[(at + 10)..]);
    }

    private static void WriteHeader(Span<byte> buffer, int flags, ushort questions, ushort answers)
    {
        buffer[..DnsHeader.Length].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)flags);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[4..], questions);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[6..], answers);
    }
}
