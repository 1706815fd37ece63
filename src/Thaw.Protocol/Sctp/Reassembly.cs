namespace Thaw.Protocol.Sctp;

internal enum Stored { Yes, Full, MessageTooLarge, BufferExceeded }

/// <summary>
/// Puts fragments together and ordered messages in order (RFC 9260 §6.5, §6.6, §6.9). Fragments lie in a ring by TSN;
/// each end of a run of neighbours of one message knows the other end, so a fragment costs the same wherever it falls.
/// </summary>
internal sealed partial class Reassembly(SctpOptions options, Queue<object> delivered)
{
    private const int SmallestRing = 64;

    private readonly Dictionary<ushort, InboundStream> _streams = [];
    private Slot[] _ring = new Slot[SmallestRing];

    /// <summary>Bytes of user data held.</summary>
    public int Buffered { get; private set; }

    /// <summary>a_rwnd.</summary>
    public int Window => Math.Max(0, options.ReceiveBuffer - Buffered);

    private struct Slot
    {
        public byte[]? Data; // rented; null if the slot is free
        public int Length;
        public Tsn Tsn;
        public uint Ppid;
        public ushort Stream;
        public ushort Ssn;
        public DataFlags Flags;
        public Tsn OtherEnd; // valid in the first and the last slot of a run
        public int RunBytes; // valid in the first
        public bool Waits;   // complete, but an earlier message of its stream is missing
    }

    private sealed class InboundStream
    {
        public ushort Next;
        public List<(ushort Ssn, Tsn First)>? Waiting; // ascending from Next
    }

    /// <param name="isNext">It extends the cumulative TSN: taken even when the buffer is full, or the gap would never close.</param>
    public Stored Add(in DataReader data, bool isNext)
    {
        if (data is { IsBegin: true, IsEnd: true, UserData.Length: var length })
        {
            if (length > options.MaxMessageSize) return Stored.MessageTooLarge;
            if (data.IsUnordered || data.Ssn == NextSsn(data.Stream))
            {
                Deliver(data.Stream, data.Ppid, data.UserData.ToArray());
                if (!data.IsUnordered) OnDelivered(data.Stream, data.Ssn);
                return Stored.Yes;
            }
        }

        int over = Buffered + data.UserData.Length - options.ReceiveBuffer;
        if (over > 0 && !isNext) return Stored.Full;
        if (over > options.MaxMessageSize) return Stored.BufferExceeded;
        if (!TryReserve(data.Tsn)) return isNext ? Stored.BufferExceeded : Stored.Full;

        Fill(ref At(data.Tsn), data);
        return Join(data.Tsn);
    }

    /// <summary>The peer reset the stream (RFC 6525 §5.2.2): its next message has sequence number 0.</summary>
    public void Reset(ushort stream)
    {
        if (!_streams.Remove(stream, out var state) || state.Waiting is not { } waiting) return;
        foreach (var (_, first) in waiting) Free(first);
    }

    /// <summary>RFC 3758 §3.6: messages up to <paramref name="cumulative"/> that are not whole never will be.</summary>
    public void Discard(Tsn cumulative)
    {
        if (Buffered == 0) return;
        foreach (ref var slot in _ring.AsSpan())
        {
            // The first slot of an incomplete run; a run that straddles the point has lost fragments before it or after.
            if (slot.Data is null || slot.Waits || slot.Tsn > cumulative || !IsFirstOfRun(slot)) continue;
            Free(slot.Tsn);
        }
    }

    /// <summary>RFC 3758 §3.6: the stream goes on after <paramref name="ssn"/>; whole messages up to there are delivered.</summary>
    public void Skip(ushort stream, ushort ssn)
    {
        var state = StreamOf(stream);
        if (state is null || Ssn.IsBefore(ssn, state.Next)) return;

        int whole = 0;
        for (; state.Waiting?.Count > whole && !Ssn.IsBefore(ssn, state.Waiting[whole].Ssn); whole++)
            DeliverRun(state.Waiting[whole].First);
        state.Waiting?.RemoveRange(0, whole);
        OnDelivered(stream, ssn);
    }

    private Stored Join(Tsn tsn)
    {
        var (first, last) = (tsn, tsn);
        int bytes = At(tsn).Length;
        if (!At(tsn).Flags.HasFlag(DataFlags.Begin) && Neighbour(tsn, tsn.Previous, DataFlags.End)) first = At(tsn.Previous).OtherEnd;
        if (!At(tsn).Flags.HasFlag(DataFlags.End) && Neighbour(tsn, tsn.Next, DataFlags.Begin)) last = At(tsn.Next).OtherEnd;
        if (first != tsn) bytes += At(first).RunBytes;
        if (last != tsn) bytes += At(tsn.Next).RunBytes;

        At(first).OtherEnd = last;
        At(last).OtherEnd = first;
        At(first).RunBytes = bytes;
        if (bytes > options.MaxMessageSize) return Stored.MessageTooLarge;

        if (At(first).Flags.HasFlag(DataFlags.Begin) && At(last).Flags.HasFlag(DataFlags.End)) OnComplete(first);
        return Stored.Yes;
    }

    private void OnComplete(Tsn first)
    {
        ref var head = ref At(first);
        if (head.Flags.HasFlag(DataFlags.Unordered))
        {
            DeliverRun(first);
            return;
        }

        var state = StreamOf(head.Stream);
        if (state is null || Ssn.IsBefore(head.Ssn, state.Next))
        {
            Free(first); // no honest peer numbers a message twice
            return;
        }

        if (head.Ssn == state.Next)
        {
            var (stream, ssn) = (head.Stream, head.Ssn);
            DeliverRun(first);
            OnDelivered(stream, ssn);
            return;
        }

        Wait(state, first);
    }

    private void Wait(InboundStream state, Tsn first)
    {
        ushort ssn = At(first).Ssn;
        var waiting = state.Waiting ??= [];
        int at = waiting.Count;
        while (at > 0 && Ssn.IsBefore(ssn, waiting[at - 1].Ssn)) at--;
        if (at > 0 && waiting[at - 1].Ssn == ssn)
        {
            Free(first);
            return;
        }

        waiting.Insert(at, (ssn, first));
        var last = At(first).OtherEnd;
        for (var tsn = first; tsn <= last; tsn = tsn.Next) At(tsn).Waits = true;
    }

    /// <summary>The stream has come to <paramref name="ssn"/>: what waited for just that follows.</summary>
    private void OnDelivered(ushort stream, ushort ssn)
    {
        if (StreamOf(stream) is not { } state) return;
        state.Next = (ushort)(ssn + 1);
        if (state.Waiting is not { Count: > 0 } waiting) return;

        int count = 0;
        for (; count < waiting.Count && waiting[count].Ssn == state.Next; count++, state.Next++) DeliverRun(waiting[count].First);
        waiting.RemoveRange(0, count);
    }

    private void DeliverRun(Tsn first)
    {
        ref var head = ref At(first);
        byte[] message = new byte[head.RunBytes];
        int at = 0;
        var last = head.OtherEnd;
        for (var tsn = first; tsn <= last; tsn = tsn.Next)
        {
            ref var slot = ref At(tsn);
            slot.Data.AsSpan(0, slot.Length).CopyTo(message.AsSpan(at));
            at += slot.Length;
        }

        Deliver(head.Stream, head.Ppid, message);
        Free(first);
    }

    private void Deliver(ushort stream, uint ppid, byte[] message) => delivered.Enqueue(new SctpEvent.Message(stream, ppid, message));

    private ushort NextSsn(ushort stream) => _streams.TryGetValue(stream, out var state) ? state.Next : (ushort)0;

    /// <summary>Null if that would be one stream with state too many.</summary>
    private InboundStream? StreamOf(ushort stream)
    {
        if (_streams.TryGetValue(stream, out var state)) return state;
        if (_streams.Count >= options.MaxStreams) return null;
        return _streams[stream] = new InboundStream();
    }
}
