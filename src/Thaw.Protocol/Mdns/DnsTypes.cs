namespace Thaw.Protocol.Mdns;

/// <summary>RFC 1035 §3.2.2, RFC 3596 §2.1.</summary>
internal enum DnsType : ushort { A = 1, Aaaa = 28 }

/// <summary>RFC 1035 §4.1.1, as RFC 6762 §18 uses it.</summary>
internal static class DnsHeader
{
    public const int Length = 12;
    public const int OtherThanQuery = 0x7800; // the opcode's bits; RFC 6762 §18.3: others are ignored
    public const int Response = 0x8000;
    public const int Authoritative = 0x0400;
}

internal static class DnsClass
{
    public const ushort Internet = 1;
    public const ushort TopBit = 0x8000; // cache flush in an answer, unicast wanted in a question: RFC 6762 §18.12, §18.13
}
