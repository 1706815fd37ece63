using System.Runtime.CompilerServices;

namespace Thaw.Protocol.Rtp;

/// <summary>When our last few sender reports left, found again by the 32 bits that the peer quotes.</summary>
internal struct SentReports
{
    private const int Kept = 4;

    private Entries _entries;
    private int _count;

    public void Add(uint middleNtp, Instant at) => _entries[_count++ % Kept] = (middleNtp, at);

    public readonly Instant? Find(uint middleNtp)
    {
        for (int i = 0; i < int.Min(_count, Kept); i++)
            if (_entries[i].MiddleNtp == middleNtp) return _entries[i].At;
        return null;
    }

    [InlineArray(Kept)]
    private struct Entries { private (uint MiddleNtp, Instant At) _first; }
}
