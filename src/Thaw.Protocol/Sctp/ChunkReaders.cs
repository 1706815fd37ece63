using System.Buffers.Binary;

namespace Thaw.Protocol.Sctp;

/// <summary>RFC 9260 §3.3.1.</summary>
internal readonly ref struct DataReader
{
    public const int HeaderLength = 12;

    private readonly ReadOnlySpan<byte> _value;

    private DataReader(in ChunkReader chunk)
    {
        _value = chunk.Value;
        Flags = (DataFlags)chunk.Flags;
    }

    public DataFlags Flags { get; }
    public Tsn Tsn => new(BinaryPrimitives.ReadUInt32BigEndian(_value));
    public ushort Stream => BinaryPrimitives.ReadUInt16BigEndian(_value[4..]);
    public ushort Ssn => BinaryPrimitives.ReadUInt16BigEndian(_value[6..]);
    public uint Ppid => BinaryPrimitives.ReadUInt32BigEndian(_value[8..]);

    /// <summary>Never empty: a DATA chunk has at least one byte.</summary>
    public ReadOnlySpan<byte> UserData => _value[HeaderLength..];

    public bool IsUnordered => (Flags & DataFlags.Unordered) != 0;
    public bool IsBegin => (Flags & DataFlags.Begin) != 0;
    public bool IsEnd => (Flags & DataFlags.End) != 0;

    public static bool TryRead(in ChunkReader chunk, out DataReader reader)
    {
        reader = default;
        if (chunk.Value.Length <= HeaderLength) return false;
        reader = new DataReader(chunk);
        return true;
    }
}

/// <summary>INIT and INIT ACK (RFC 9260 §3.3.2, §3.3.3).</summary>
internal readonly ref struct InitReader
{
    public const int FixedLength = 16;

    private readonly ReadOnlySpan<byte> _value;

    private InitReader(ReadOnlySpan<byte> value) => _value = value;

    public uint InitiateTag => BinaryPrimitives.ReadUInt32BigEndian(_value);
    public uint ReceiverWindow => BinaryPrimitives.ReadUInt32BigEndian(_value[4..]);
    public ushort OutboundStreams => BinaryPrimitives.ReadUInt16BigEndian(_value[8..]);
    public ushort InboundStreams => BinaryPrimitives.ReadUInt16BigEndian(_value[10..]);
    public Tsn InitialTsn => new(BinaryPrimitives.ReadUInt32BigEndian(_value[12..]));
    public ReadOnlySpan<byte> Parameters => _value[FixedLength..];

    public static bool TryRead(in ChunkReader chunk, out InitReader reader)
    {
        reader = default;
        if (chunk.Value.Length < FixedLength) return false;

        var init = new InitReader(chunk.Value);
        if (init.InitiateTag == 0 || init.OutboundStreams == 0 || init.InboundStreams == 0) return false;
        for (var rest = init.Parameters; !rest.IsEmpty;)
            if (!ParameterReader.TryTake(ref rest, out _)) return false;

        reader = init;
        return true;
    }
}

/// <summary>RFC 9260 §3.3.4. Its gap blocks ascend and do not overlap, so one pass over what is outstanding is enough.</summary>
internal readonly ref struct SackReader
{
    private const int FixedLength = 12;

    private readonly ReadOnlySpan<byte> _gaps;

    private SackReader(Tsn cumulative, uint window, ReadOnlySpan<byte> gaps)
    {
        Cumulative = cumulative;
        ReceiverWindow = window;
        _gaps = gaps;
    }

    public Tsn Cumulative { get; }
    public uint ReceiverWindow { get; }
    public int GapCount => _gaps.Length / 4;

    /// <summary>The highest TSN that this SACK reports as received.</summary>
    public Tsn Highest => GapCount == 0 ? Cumulative : Gap(GapCount - 1).Last;

    public (Tsn First, Tsn Last) Gap(int index)
    {
        var block = _gaps[(index * 4)..];
        return (Cumulative + BinaryPrimitives.ReadUInt16BigEndian(block),
            Cumulative + BinaryPrimitives.ReadUInt16BigEndian(block[2..]));
    }

    public static bool TryRead(in ChunkReader chunk, out SackReader reader)
    {
        reader = default;
        var value = chunk.Value;
        if (value.Length < FixedLength) return false;

        int gaps = 4 * BinaryPrimitives.ReadUInt16BigEndian(value[8..]);
        int duplicates = 4 * BinaryPrimitives.ReadUInt16BigEndian(value[10..]);
        if (value.Length < FixedLength + gaps + duplicates) return false;

        var sack = new SackReader(
            new Tsn(BinaryPrimitives.ReadUInt32BigEndian(value)),
            BinaryPrimitives.ReadUInt32BigEndian(value[4..]),
            value.Slice(FixedLength, gaps));
        var before = sack.Cumulative;
        for (int i = 0; i < sack.GapCount; i++)
        {
            var (first, last) = sack.Gap(i);
            if (first <= before || last < first) return false;
            before = last;
        }

        reader = sack;
        return true;
    }

    /// <summary>What a SHUTDOWN says: only the cumulative acknowledgement (RFC 9260 §3.3.8).</summary>
    public static SackReader CumulativeOnly(Tsn cumulative, uint window) => new(cumulative, window, default);
}

/// <summary>RFC 3758 §3.2: the new cumulative TSN and, per ordered stream, the last skipped sequence number.</summary>
internal readonly ref struct ForwardTsnReader
{
    private readonly ReadOnlySpan<byte> _value;

    private ForwardTsnReader(ReadOnlySpan<byte> value) => _value = value;

    public Tsn NewCumulative => new(BinaryPrimitives.ReadUInt32BigEndian(_value));
    public int StreamCount => _value.Length / 4 - 1;

    public (ushort Stream, ushort Ssn) Skipped(int index)
    {
        var entry = _value[(4 + index * 4)..];
        return (BinaryPrimitives.ReadUInt16BigEndian(entry), BinaryPrimitives.ReadUInt16BigEndian(entry[2..]));
    }

    public static bool TryRead(in ChunkReader chunk, out ForwardTsnReader reader)
    {
        reader = default;
        if (chunk.Value.Length < 4 || chunk.Value.Length % 4 != 0) return false;
        reader = new ForwardTsnReader(chunk.Value);
        return true;
    }
}
