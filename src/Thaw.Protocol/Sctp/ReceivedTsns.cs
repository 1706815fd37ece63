using System.Buffers.Binary;
using System.Numerics;

namespace Thaw.Protocol.Sctp;

internal enum Arrival { New, Duplicate, TooFar }

/// <summary>Which TSNs have arrived: the cumulative one, and a bit for each of the window after it.</summary>
internal sealed class ReceivedTsns
{
    /// <summary>How far a TSN may be ahead of the cumulative one. With 1 MiB of buffer no honest peer gets there.</summary>
    public const int Window = 8192;

    private readonly ulong[] _bits = new ulong[Window / 64];

    public Tsn Cumulative { get; private set; }
    public Tsn Highest { get; private set; }
    public bool HasGaps => Highest > Cumulative;

    public void Start(Tsn initial)
    {
        Array.Clear(_bits);
        Cumulative = Highest = initial.Previous;
    }

    public Arrival Classify(Tsn tsn)
    {
        if (tsn <= Cumulative) return Arrival.Duplicate;
        if (tsn - Cumulative > Window - 64) return Arrival.TooFar; // scans may look one word ahead
        return (_bits[Word(tsn)] & Bit(tsn)) == 0 ? Arrival.New : Arrival.Duplicate;
    }

    public void Add(Tsn tsn)
    {
        _bits[Word(tsn)] |= Bit(tsn);
        if (tsn > Highest) Highest = tsn;
        Advance();
    }

    /// <summary>RFC 3758 §3.6: everything up to <paramref name="cumulative"/> counts as received. False if it is too far ahead.</summary>
    public bool ForwardTo(Tsn cumulative)
    {
        if (cumulative - Cumulative > Window - 64) return false;
        while (Cumulative < cumulative)
        {
            Cumulative = Cumulative.Next;
            _bits[Word(Cumulative)] &= ~Bit(Cumulative);
        }

        Advance();
        return true;
    }

    /// <summary>Writes up to <paramref name="most"/> gap ack blocks (RFC 9260 §3.3.4) and returns how many.</summary>
    public int WriteGaps(Span<byte> destination, int most)
    {
        int count = 0;
        for (var from = Cumulative.Next; count < most && from <= Highest; count++)
        {
            var first = Next(from, received: true);
            if (first > Highest) break;
            from = Next(first, received: false);
            BinaryPrimitives.WriteUInt16BigEndian(destination[(count * 4)..], (ushort)(first - Cumulative));
            BinaryPrimitives.WriteUInt16BigEndian(destination[(count * 4 + 2)..], (ushort)(from.Previous - Cumulative));
        }

        return count;
    }

    private void Advance()
    {
        for (var next = Cumulative.Next; (_bits[Word(next)] & Bit(next)) != 0; next = next.Next)
        {
            _bits[Word(next)] &= ~Bit(next);
            Cumulative = next;
        }

        if (Highest < Cumulative) Highest = Cumulative;
    }

    /// <summary>The first TSN from <paramref name="tsn"/> on whose bit is as asked, or one just beyond <see cref="Highest"/>.</summary>
    private Tsn Next(Tsn tsn, bool received)
    {
        while (tsn <= Highest)
        {
            int offset = (int)(tsn.Value % 64);
            ulong wanted = (received ? _bits[Word(tsn)] : ~_bits[Word(tsn)]) >> offset;
            if (wanted != 0) return tsn + BitOperations.TrailingZeroCount(wanted);
            tsn += 64 - offset;
        }

        return tsn;
    }

    private static int Word(Tsn tsn) => (int)(tsn.Value / 64 % (Window / 64));
    private static ulong Bit(Tsn tsn) => 1ul << (int)(tsn.Value % 64);
}
