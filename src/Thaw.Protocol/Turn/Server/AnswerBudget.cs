using System.Security.Cryptography;

namespace Thaw.Protocol.Turn;

/// <summary>
/// How many answers a source may draw before it has proven that it is there: without such a bound a forged source
/// address makes the server an amplifier. Counted by /32 and /56, in a table that never grows: sets of four, of which
/// the one that was quiet longest makes room. The place is keyed, so that nobody can aim at another's entry.
/// </summary>
internal sealed class AnswerBudget
{
    private const int Sets = 2048, Ways = 4;

    private readonly Entry[] _entries = new Entry[Sets * Ways];
    private double _perSecond;
    private double _burst;
    private readonly ulong _key0, _key1;

    public AnswerBudget(double perSecond, double burst, RandomNumberGenerator random)
    {
        _perSecond = perSecond;
        _burst = burst;
        Span<byte> keys = stackalloc byte[16];
        random.GetBytes(keys);
        _key0 = BitConverter.ToUInt64(keys);
        _key1 = BitConverter.ToUInt64(keys[8..]) | 1;
    }

    public void SetRates(double perSecond, double burst) => (_perSecond, _burst) = (perSecond, burst);

    /// <param name="isFirst">False when it is refused: true for the first refusal since the source was last heard out.</param>
    public bool TryTake(TransportAddress source, Instant now, out bool isFirst)
    {
        ulong prefix = Prefix(source);
        ref var entry = ref Find(prefix, now);
        double since = Math.Max(0, (now - entry.At).TotalSeconds);
        entry.Tokens = (float)Math.Min(_burst, entry.Tokens + since * _perSecond);
        entry.At = now;

        isFirst = entry.Tokens < 1 && !entry.IsSilenced;
        entry.IsSilenced = entry.Tokens < 1;
        if (entry.IsSilenced) return false;
        entry.Tokens--;
        return true;
    }

    private ref Entry Find(ulong prefix, Instant now)
    {
        ulong hash = (prefix ^ _key0) * _key1;
        hash ^= hash >> 32;
        hash *= _key1;
        int set = (int)(hash >> 53) * Ways, oldest = set; // the top 11 bits: Sets
        for (int i = set; i < set + Ways; i++)
        {
            if (_entries[i].Prefix == prefix) return ref _entries[i];
            if (_entries[i].At < _entries[oldest].At) oldest = i;
        }

        _entries[oldest] = new Entry { Prefix = prefix, At = now, Tokens = (float)_burst };
        return ref _entries[oldest];
    }

    // Never 0, which is an empty entry. IPv4 and IPv6 cannot meet: a /56 ends in eight zero bits.
    private static ulong Prefix(TransportAddress source)
    {
        var bits = AddressPrefix.Bits(source);
        return source.IsIPv4 ? (ulong)(uint)bits << 8 | 1 : (ulong)(bits >> 72) << 8 | 2;
    }

    private struct Entry
    {
        public ulong Prefix;
        public Instant At;
        public float Tokens;
        public bool IsSilenced;
    }
}
