using System.Buffers;

namespace Thaw.Protocol.Sctp;

internal sealed partial class Reassembly
{
    private ref Slot At(Tsn tsn) => ref _ring[tsn.Value & (uint)(_ring.Length - 1)];

    private bool TryReserve(Tsn tsn)
    {
        while (At(tsn).Data is not null)
        {
            if (_ring.Length >= ReceivedTsns.Window) return false;
            Grow();
        }

        return true;
    }

    /// <summary>Doubling keeps every pair of slots apart that was apart before.</summary>
    private void Grow()
    {
        var old = _ring;
        _ring = new Slot[old.Length * 2];
        foreach (ref var slot in old.AsSpan())
            if (slot.Data is not null) At(slot.Tsn) = slot;
    }

    private void Fill(ref Slot slot, in DataReader data)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(data.UserData.Length);
        data.UserData.CopyTo(copy);
        slot = new Slot
        {
            Data = copy,
            Length = data.UserData.Length,
            Tsn = data.Tsn,
            Ppid = data.Ppid,
            Stream = data.Stream,
            Ssn = data.IsUnordered ? (ushort)0 : data.Ssn, // meaningless then, and not to be compared
            Flags = data.Flags & ~DataFlags.Immediate,
        };
        Buffered += slot.Length;
    }

    /// <summary>Whether the slot of <paramref name="other"/>, one before or after, continues the same message.</summary>
    private bool Neighbour(Tsn tsn, Tsn other, DataFlags border)
    {
        ref var a = ref At(tsn);
        ref var b = ref At(other);
        return b.Data is not null && b.Tsn == other && !b.Waits && !b.Flags.HasFlag(border)
            && a.Stream == b.Stream && a.Ssn == b.Ssn && ((a.Flags ^ b.Flags) & DataFlags.Unordered) == 0;
    }

    private bool IsFirstOfRun(in Slot slot)
        => slot.Flags.HasFlag(DataFlags.Begin) || !Neighbour(slot.Tsn, slot.Tsn.Previous, DataFlags.End);

    private void Free(Tsn first)
    {
        var last = At(first).OtherEnd;
        for (var tsn = first; tsn <= last; tsn = tsn.Next)
        {
            ref var slot = ref At(tsn);
            ArrayPool<byte>.Shared.Return(slot.Data!);
            Buffered -= slot.Length;
            slot = default;
        }
    }
}
