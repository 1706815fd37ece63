using System.Runtime.InteropServices;
using Thaw.Protocol;

namespace Thaw.Relay.Udp;

internal sealed unsafe partial class LinuxEdge
{
    private const int MaxRuns = 256;
    private const int MaxSegments = 64;       // UDP_MAX_SEGMENTS of older kernels
    private const int MaxSegmentBytes = 1400; // longer ones may not fit the path's MTU, and then the kernel refuses the run
    private const int MaxRunBytes = 60_000;
    private const int ArenaBytes = 1 << 20;

    private readonly List<nint> _blocks = [];
    private readonly EdgeSocket?[] _froms = new EdgeSocket?[MaxRuns];
    private readonly TransportAddress[] _tos = new TransportAddress[MaxRuns];
    private readonly int[] _segments = new int[MaxRuns]; // bytes of each datagram of the run but the last
    private readonly int[] _lasts = new int[MaxRuns];
    private readonly int[] _counts = new int[MaxRuns];
    private readonly bool[] _dontFragment = new bool[MaxRuns];
    private byte* _arena;
    private byte* _toNames;
    private Libc.IoVec* _toVectors;
    private Libc.MMsgHdr* _departing;
    private Libc.SegmentControl* _controls;
    private int _runs;
    private int _used;
    private bool _canSegment = true;

    public void Send(EdgeSocket from, TransportAddress to, ReadOnlySpan<byte> payload, bool dontFragment = false)
    {
        if (_used + payload.Length > ArenaBytes) Flush();
        payload.CopyTo(new Span<byte>(_arena + _used, payload.Length));
        if (!TryJoinRun(from, to, payload.Length, dontFragment)) BeginRun(from, to, payload.Length, dontFragment);
        _used += payload.Length;
        _linger.Sent++;
    }

    public void Flush()
    {
        for (int i = 0; i < _runs;)
        {
            int end = i + 1;
            while (end < _runs && _froms[end] == _froms[i] && _dontFragment[end] == _dontFragment[i]) end++;
            if (_froms[i]!.SetsDontFragment != _dontFragment[i]) SetDontFragment(_froms[i]!, _dontFragment[i]);
            SendRuns(i, end);
            i = end;
        }

        Array.Clear(_froms, 0, _runs);
        (_runs, _used) = (0, 0);
    }

    private bool TryJoinRun(EdgeSocket from, TransportAddress to, int length, bool dontFragment)
    {
        int run = _runs - 1;
        if (run < 0 || !_canSegment || _froms[run] != from || _tos[run] != to || _dontFragment[run] != dontFragment) return false;
        if (length == 0 || length > _segments[run] || _lasts[run] != _segments[run] || _segments[run] > MaxSegmentBytes) return false;
        ref var vector = ref _toVectors[run];
        if (_counts[run] == MaxSegments || (int)vector.Length + length > MaxRunBytes) return false;

        vector.Length += (nuint)length;
        _lasts[run] = length;
        _counts[run]++;
        return true;
    }

    private void BeginRun(EdgeSocket from, TransportAddress to, int length, bool dontFragment)
    {
        if (_runs == MaxRuns)
        {
            byte* payload = _arena + _used;
            Flush();
            new Span<byte>(payload, length).CopyTo(new Span<byte>(_arena, length));
        }

        _linger.Runs++;
        int run = _runs++;
        (_froms[run], _tos[run], _segments[run], _lasts[run], _counts[run]) = (from, to, length, length, 1);
        _dontFragment[run] = dontFragment;
        _toVectors[run] = new Libc.IoVec { Base = _arena + _used, Length = (nuint)length };
    }

    private void SendRuns(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            byte* name = _toNames + i * NameLength;
            uint nameLength = WriteName(name, _tos[i]);
            _departing[i].Header = new Libc.MsgHdr { Name = name, NameLength = nameLength, Vectors = _toVectors + i, VectorCount = 1 };
            if (_counts[i] == 1) continue;
            _controls[i] = new Libc.SegmentControl { Length = Libc.SegmentControl.Used, Level = Libc.SolUdp, Type = Libc.UdpSegment, Segment = (ushort)_segments[i] };
            _departing[i].Header.Control = (byte*)(_controls + i);
            _departing[i].Header.ControlLength = (nuint)sizeof(Libc.SegmentControl);
        }

        int file = _froms[first]!.Handle, repeated = -1;
        while (first < end)
        {
            int sent = end - first == 1 && _counts[first] == 1 ? SendOne(file, first) : Libc.SendMMsg(file, _departing + first, (uint)(end - first), Libc.MsgDontWait);
            if (sent > 0)
            {
                first += sent;
                continue;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == Libc.Eintr) continue;
            if (_icmp is not null && error != Libc.Eagain && repeated != first)
            {
                repeated = first; // it may be about an earlier datagram, and told here once
                if (error == Libc.Emsgsize) _tooBigFor = _tos[first];
                continue;
            }

            if (_counts[first] > 1 && error is Libc.Eio or Libc.Einval or Libc.Emsgsize) SendOneByOne(file, first, error);
            else Lost += _counts[first]; // no route, a full buffer, a firewall: UDP promises nothing
            first++;
        }
    }

    // Most relayed addresses have one datagram a turn to send, and for one the plain call is the cheaper.
    private int SendOne(int file, int run)
    {
        ref var header = ref _departing[run].Header;
        return Libc.SendTo(file, _toVectors[run].Base, _toVectors[run].Length, Libc.MsgDontWait, header.Name, header.NameLength) < 0 ? -1 : 1;
    }

    // A path or a device that cannot take the run as one.
    private void SendOneByOne(int file, int run, int error)
    {
        if (error == Libc.Eio) _canSegment = false;
        byte* payload = _toVectors[run].Base;
        ref var message = ref _departing[run];
        message.Header.Control = null;
        message.Header.ControlLength = 0;
        for (int i = 0; i < _counts[run]; i++)
        {
            int length = i == _counts[run] - 1 ? _lasts[run] : _segments[run];
            _toVectors[run] = new Libc.IoVec { Base = payload, Length = (nuint)length };
            if (Libc.SendMMsg(file, _departing + run, 1, Libc.MsgDontWait) != 1) Lost++;
            payload += length;
        }
    }

    private void TakeSendMemory()
    {
        _arena = Take<byte>(ArenaBytes);
        _toNames = Take<byte>(MaxRuns * NameLength);
        _toVectors = Take<Libc.IoVec>(MaxRuns);
        _departing = Take<Libc.MMsgHdr>(MaxRuns);
        _controls = Take<Libc.SegmentControl>(MaxRuns);
    }

    private T* Take<T>(int count) where T : unmanaged
    {
        void* block = NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
        _blocks.Add((nint)block);
        return (T*)block;
    }
}
