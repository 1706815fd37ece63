using System.Buffers.Binary;

namespace Thaw.Dtls;

/// <summary>
/// A whole ClientHello, alone in its datagram (RFC 6347 §4.2.2, RFC 5246 §7.4.1.2). Read before anything is remembered or
/// computed, so that a stranger's bytes cost next to nothing; one in fragments cannot be answered without memory.
/// </summary>
internal readonly ref struct ClientHello
{
    private const int HandshakeHeaderLength = 12; // RFC 6347 §4.2.2
    private const int VersionLength = 2, RandomLength = 32;
    private const int MaxSessionId = 32;          // RFC 5246 §7.4.1.2
    private const int MaxExtensions = 64;         // today's largest have twenty
    private const byte Type = 1;

    public ushort MessageSequence { get; private init; }

    public ReadOnlySpan<byte> Random { get; private init; }

    public ReadOnlySpan<byte> Cookie { get; private init; }

    public static bool TryRead(ReadOnlySpan<byte> datagram, out ClientHello hello)
    {
        hello = default;
        var records = new DtlsRecords(datagram);
        if (!records.MoveNext() || records.Length != datagram.Length || !records.Current.IsPlainHandshake) return false;
        var record = records.Current;
        var body = datagram[(DtlsRecord.HeaderLength + HandshakeHeaderLength)..];
        if (record.MessageType != Type || record.MessageLength != body.Length || !record.IsWholeMessage) return false;
        if (body.Length < VersionLength + RandomLength || body[0] != 0xFE) return false;

        var random = body.Slice(VersionLength, RandomLength);
        var rest = body[(VersionLength + RandomLength)..];
        if (!TryTake8(ref rest, out var session) || session.Length > MaxSessionId || !TryTake8(ref rest, out var cookie)) return false;
        if (!TryTake16(ref rest, out var suites) || suites.Length is 0 || suites.Length % 2 != 0) return false;
        if (!TryTake8(ref rest, out var compressions) || compressions.IsEmpty) return false;
        if (!rest.IsEmpty && (!TryTake16(ref rest, out var extensions) || !rest.IsEmpty || !AreExtensions(extensions))) return false;

        hello = new ClientHello { MessageSequence = record.MessageSequence, Random = random, Cookie = cookie };
        return true;
    }

    // Each at most once (RFC 5246 §7.4.1.4).
    private static bool AreExtensions(ReadOnlySpan<byte> list)
    {
        Span<ushort> seen = stackalloc ushort[MaxExtensions];
        int count = 0;
        while (!list.IsEmpty)
        {
            if (list.Length < sizeof(ushort) || count == MaxExtensions) return false;
            ushort type = BinaryPrimitives.ReadUInt16BigEndian(list);
            list = list[sizeof(ushort)..];
            if (seen[..count].Contains(type) || !TryTake16(ref list, out _)) return false;
            seen[count++] = type;
        }

        return true;
    }

    private static bool TryTake8(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value) => TryTake(ref rest, rest.IsEmpty ? 0 : 1 + rest[0], 1, out value);

    private static bool TryTake16(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value)
        => TryTake(ref rest, rest.Length < 2 ? 0 : 2 + BinaryPrimitives.ReadUInt16BigEndian(rest), 2, out value);

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, int length, int header, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (length == 0 || length > rest.Length) return false;
        value = rest[header..length];
        rest = rest[length..];
        return true;
    }
}
