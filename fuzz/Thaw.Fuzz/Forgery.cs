using System.Buffers.Binary;
using Thaw.Protocol.Dtls;

namespace Thaw.Fuzz;

/// <summary>
/// A DTLS peer's handshake with some of its messages replaced. Each entry of the input is
/// <c>[what, how, body…]</c>: a handshake message type and what to do at the peer's own message of that type, or
/// <see cref="WholeRecord"/> and a content type. Headers are made to fit, so that damage is to what is inside.
/// </summary>
internal sealed class Forgery
{
    public const byte WholeRecord = 0x80;
    public const byte Replace = 0, Precede = 1, Shatter = 2; // the low bits of "how"; Shatter replaces in fragments of how >> 2 bytes

    private const int RecordHeader = 13, MessageHeader = 12; // RFC 6347 §4.1, §4.2.2
    private const byte Alert = 21, Handshake = 22, Certificate = 11; // RFC 5246 §6.2.1, §7.4
    private const int MaxEntries = 16;

    private readonly List<(byte What, byte How, byte[] Body)> _entries = [];
    private int _shift; // messages added, which move the numbers of those behind
    private ulong _nextRecord;

    public Forgery(ReadOnlySpan<byte> input)
    {
        foreach (var entry in new Conversation(input))
            if (entry.Length >= 2 && _entries.Count < MaxEntries) _entries.Add((entry[0], entry[1], entry[2..].ToArray()));
    }

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>Of the certificate in the input: whoever sends a certificate also signals its fingerprint. Null if there is none.</summary>
    public CertificateFingerprint? Fingerprint
    {
        get
        {
            byte[]? list = _entries.Find(e => e.What == Certificate && (e.How & 3) != Precede).Body; // RFC 5246 §7.4.2: length, then each behind its own
            if (list is not { Length: > 6 }) return null;
            int length = Math.Min(UInt24(list.AsSpan(3)), list.Length - 6);
            return CertificateFingerprint.Sha256Of(list.AsSpan(6, length));
        }
    }

    /// <summary>What becomes of one datagram of the peer.</summary>
    public byte[] Forge(ReadOnlySpan<byte> datagram)
    {
        var forged = new List<byte>();
        foreach (var (what, _, body) in Take(what => (what & WholeRecord) != 0, atMost: 1)) AddRecord(forged, (byte)(Alert - 1 + (what & 3)), body);

        for (var rest = datagram; rest.Length >= RecordHeader;)
        {
            int length = Math.Min(RecordHeader + BinaryPrimitives.ReadUInt16BigEndian(rest[11..]), rest.Length);
            AddForged(forged, rest[..length]);
            rest = rest[length..];
        }

        return [.. forged];
    }

    private void AddForged(List<byte> forged, ReadOnlySpan<byte> record)
    {
        bool isPlain = BinaryPrimitives.ReadUInt16BigEndian(record[3..]) == 0;
        if (!isPlain || record[0] != Handshake || record.Length < RecordHeader + MessageHeader)
        {
            if (isPlain) AddRecord(forged, record[0], record[RecordHeader..]);
            else forged.AddRange(record);
            return;
        }

        var message = record[RecordHeader..];
        byte type = message[0];
        int number = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        bool replaced = false;
        foreach (var (_, how, body) in Take(what => what == type, atMost: MaxEntries))
        {
            bool isExtra = (how & 3) == Precede;
            AddMessage(forged, type, number + _shift, body, (how & 3) == Shatter ? how >> 2 : body.Length);
            if (isExtra) _shift++;
            replaced |= !isExtra;
        }

        if (!replaced) AddMessage(forged, type, number + _shift, message[MessageHeader..], message.Length);
    }

    private List<(byte What, byte How, byte[] Body)> Take(Predicate<byte> which, int atMost)
    {
        var taken = _entries.Where(e => which(e.What)).Take(atMost).ToList();
        _entries.RemoveAll(taken.Contains);
        return taken;
    }

    private void AddMessage(List<byte> forged, byte type, int number, ReadOnlySpan<byte> body, int fragment)
    {
        for (int at = 0; at == 0 || at < body.Length; at += Math.Max(fragment, 8))
        {
            var part = body.Slice(at, Math.Min(Math.Max(fragment, 8), body.Length - at));
            byte[] message = [type, 0, 0, 0, (byte)(number >> 8), (byte)number, 0, 0, 0, 0, 0, 0, .. part];
            WriteUInt24(message.AsSpan(1), body.Length);
            WriteUInt24(message.AsSpan(6), at);
            WriteUInt24(message.AsSpan(9), part.Length);
            AddRecord(forged, Handshake, message);
        }
    }

    private void AddRecord(List<byte> forged, byte contentType, ReadOnlySpan<byte> content)
    {
        byte[] header = [contentType, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, (byte)(content.Length >> 8), (byte)content.Length];
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(7), (uint)_nextRecord++);
        forged.AddRange(header);
        forged.AddRange(content);
    }

    private static int UInt24(ReadOnlySpan<byte> at) => at[0] << 16 | at[1] << 8 | at[2];

    private static void WriteUInt24(Span<byte> at, int value)
    {
        at[0] = (byte)(value >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(at[1..], (ushort)value);
    }
}
