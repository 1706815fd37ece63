using Thaw.Protocol;

namespace Thaw.Relay.Udp;

internal sealed unsafe partial class LinuxEdge
{
    private const int Batch = 64;
    private const int MaxArrival = 65_535; // a run that came as one (UDP_GRO)
    private const int RoomStride = DatagramRoom.Before + MaxArrival + DatagramRoom.Size; // memory that nothing comes into is never touched

    private byte* _rooms;
    private byte* _names;
    private Libc.IoVec* _vectors;
    private Libc.MMsgHdr* _arrived;
    private Libc.SegmentControl* _arrivedControls;

    private void ReceiveFrom(EdgeSocket socket, Arrival arrival)
    {
        // What does not fit makes the socket ready again: no socket starves the others.
        int asked = socket.Appetite.Ask(Turns, Batch);
        int count = Libc.RecvMMsg(socket.Handle, _arrived, (uint)asked, Libc.MsgDontWait, 0);
        socket.Appetite.Got(count);
        for (int i = 0; i < count; i++)
        {
            ref var message = ref _arrived[i];
            HandOn(socket, ReadName(message.Header.Name), _rooms + i * RoomStride, (int)message.Length, SegmentLength(message, i), arrival);
            message.Header.NameLength = NameLength;
            message.Header.ControlLength = (nuint)sizeof(Libc.SegmentControl);
        }
    }

    private void HandOn(EdgeSocket socket, TransportAddress source, byte* room, int length, int segment, Arrival arrival)
    {
        if (segment > DatagramRoom.MaxDatagram) return;
        if (length <= segment)
        {
            _linger.Arrived++;
            arrival(socket, source, new Span<byte>(room, DatagramRoom.Size), length);
            return;
        }

        // In front of a segment lies the end of the one before, which is dealt with; what lies behind it is still needed.
        for (int at = 0; at < length; at += segment)
        {
            byte* behind = room + DatagramRoom.Before + at + segment;
            ulong kept = *(ulong*)behind;
            _linger.Arrived++;
            arrival(socket, source, new Span<byte>(room + at, DatagramRoom.Size), Math.Min(segment, length - at));
            *(ulong*)behind = kept;
        }
    }

    /// <summary>How long each datagram of a run is; of one that came alone, its own length.</summary>
    private int SegmentLength(in Libc.MMsgHdr message, int index)
    {
        ref var control = ref _arrivedControls[index];
        bool isRun = message.Header.ControlLength >= Libc.SegmentControl.Used && control is { Level: Libc.SolUdp, Type: Libc.UdpGro, Segment: > 0 };
        return isRun ? control.Segment : (int)message.Length;
    }

    private void TakeReceiveMemory()
    {
        _rooms = Take<byte>(Batch * RoomStride);
        _names = Take<byte>(Batch * NameLength);
        _vectors = Take<Libc.IoVec>(Batch);
        _arrived = Take<Libc.MMsgHdr>(Batch);
        _arrivedControls = Take<Libc.SegmentControl>(Batch);
        for (int i = 0; i < Batch; i++)
        {
            _vectors[i] = new Libc.IoVec { Base = _rooms + i * RoomStride + DatagramRoom.Before, Length = MaxArrival };
            _arrived[i].Header = new Libc.MsgHdr
            {
                Name = _names + i * NameLength,
                NameLength = NameLength,
                Vectors = _vectors + i,
                VectorCount = 1,
                Control = (byte*)(_arrivedControls + i),
                ControlLength = (nuint)sizeof(Libc.SegmentControl),
            };
        }
    }
}
