using Thaw.Protocol;

namespace Thaw.Net.Loop;

/// <summary>Who wakes next: a binary heap that knows where each session sits, so that re-arming is O(log n).</summary>
internal sealed class WakeHeap
{
    private readonly List<Session> _heap = [];

    public Instant Next => _heap.Count > 0 ? _heap[0].WakeAt : Instant.Never;

    public int Count => _heap.Count;

    public void Set(Session session, Instant wakeAt)
    {
        if (wakeAt == Instant.Never)
        {
            Remove(session);
            return;
        }

        session.WakeAt = wakeAt;
        if (session.HeapIndex < 0)
        {
            session.HeapIndex = _heap.Count;
            _heap.Add(session);
        }
        Settle(session.HeapIndex);
    }

    public void Remove(Session session)
    {
        int index = session.HeapIndex;
        session.WakeAt = Instant.Never;
        if (index < 0) return;

        session.HeapIndex = -1;
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (last == session) return;

        Place(last, index);
        Settle(index);
    }

    /// <summary>Takes one session whose time has come; it must be set again to be woken again.</summary>
    public bool TryTakeDue(Instant now, out Session session)
    {
        session = null!;
        if (Next > now || _heap.Count == 0) return false;
        session = _heap[0];
        Remove(session);
        return true;
    }

    private void Settle(int index)
    {
        var session = _heap[index];
        for (int parent; index > 0 && session.WakeAt < _heap[parent = (index - 1) / 2].WakeAt; index = parent)
            Place(_heap[parent], index);

        for (int child; (child = 2 * index + 1) < _heap.Count; index = child)
        {
            if (child + 1 < _heap.Count && _heap[child + 1].WakeAt < _heap[child].WakeAt) child++;
            if (_heap[child].WakeAt >= session.WakeAt) break;
            Place(_heap[child], index);
        }
        Place(session, index);
    }

    private void Place(Session session, int index)
    {
        _heap[index] = session;
        session.HeapIndex = index;
    }
}
