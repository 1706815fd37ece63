using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Thaw.Protocol;

namespace Thaw.Relay.Udp;

/// <summary>
/// The fast edge: epoll, up to 64 datagrams a call in, one call out for all that goes to the clients, and runs of
/// datagrams to one destination as one that the kernel cuts up (UDP_SEGMENT). All memory is taken at start.
/// </summary>
internal sealed unsafe partial class LinuxEdge : IDatagramEdge
{
    private const int MaxEvents = 256;
    private const int NameLength = 28; // sockaddr_in6
    private const int ListenerBufferBytes = 8 << 20;

    private static readonly TimeSpan Coarse = TimeSpan.FromMilliseconds(10); // below, a wait of whole milliseconds is not exact enough

    private readonly int _epoll;
    private readonly int _wake;
    private readonly int _eventSize = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 12 : 16;
    private readonly byte* _events;
    private EdgeSocket?[] _byFile = new EdgeSocket?[256];
    private Linger _linger;
    private bool _sleepsExactly; // by the one thread that calls Receive
    private bool _waitsExactly = true; // Linux 5.11

    /// <param name="linger">How long packets may wait for company at rates where waking up costs more than they do; zero: never.</param>
    /// <param name="icmp">Hears of ICMP messages that relay sockets draw; null: the system keeps them to itself.</param>
    public LinuxEdge(TimeSpan linger, IcmpArrival? icmp = null)
    {
        _icmp = icmp;
        _linger = new Linger(linger);
        _epoll = Libc.EpollCreate(Libc.EpollCloExec);
        _wake = Libc.EventFd(0, Libc.EfdNonBlock | Libc.EfdCloExec);
        if (_epoll < 0 || _wake < 0) throw new InvalidOperationException($"No epoll: error {Marshal.GetLastPInvokeError()}.");
        Watch(_wake);

        _events = Take<byte>(MaxEvents * 16);
        TakeReceiveMemory();
        TakeSendMemory();
        if (icmp is not null) TakeErrorMemory();
    }

    public static bool IsSupported => OperatingSystem.IsLinux() && nint.Size == 8 && BitConverter.IsLittleEndian;

    public long Lost { get; private set; }

    public long Turns { get; private set; }

    /// <summary>Runs of datagrams to one destination leave as one, and come as one. A load for others does not take the advantage.</summary>
    public bool Segments { init => _canSegment = value; }

    public EdgeSocket? TryOpen(TransportAddress local, EdgeUse use)
    {
        int file = Libc.Socket(local.IsIPv4 ? Libc.AfInet : Libc.AfInet6, Libc.SockDgram | Libc.SockNonBlock | Libc.SockCloExec, 0);
        if (file < 0) return null;

        if (!local.IsIPv4) Libc.Set(file, Libc.IpProtoIPv6, Libc.IPv6Only, 1);
        if (use is EdgeUse.SharedListener) Libc.Set(file, Libc.SolSocket, Libc.SoReusePort, 1);
        byte* name = stackalloc byte[NameLength];
        uint length = WriteName(name, local);
        if ((use is EdgeUse.Relay && Files.AreScarce(file)) || Libc.Bind(file, name, length) != 0 || (local.Port == 0 && Libc.GetSockName(file, name, &length) != 0) || !Watch(file))
        {
            Libc.Close(file);
            return null;
        }

        if (use is not EdgeUse.Relay) GrowBuffers(file);
        else if (_icmp is not null) HearErrors(file, local.IsIPv4);
        if (_canSegment) Libc.Set(file, Libc.SolUdp, Libc.UdpGro, 1);
        var socket = new EdgeSocket(file, ReadName(name));
        if (file >= _byFile.Length) Array.Resize(ref _byFile, Math.Max(file + 1, _byFile.Length * 2));
        _byFile[file] = socket;
        return socket;
    }

    /// <summary>From now on others may bind the same port beside this one.</summary>
    public static void Share(EdgeSocket listener) => Libc.Set(listener.Handle, Libc.SolSocket, Libc.SoReusePort, 1);

    public void Close(EdgeSocket socket)
    {
        if (_byFile[socket.Handle] != socket) return;
        Flush(); // the number may be another socket's in a moment
        _byFile[socket.Handle] = null;
        Libc.Close(socket.Handle);
    }

    public void Receive(TimeSpan most, Arrival arrival)
    {
        if (_linger.Time > TimeSpan.Zero && most > TimeSpan.Zero) Sleep(_linger.Time);
        int count = WaitForEvents(most);
        Turns++;
        for (int i = 0; i < count; i++)
        {
            int file = *(int*)(_events + i * _eventSize + _eventSize - sizeof(long));
            if (file == _wake) Clear();
            else if (_byFile[file] is { } socket)
            {
                if (_icmp is not null && (*(uint*)(_events + i * _eventSize) & Libc.EpollErr) != 0) ReceiveErrors(socket);
                ReceiveFrom(socket, arrival);
            }
        }

        _linger.Turn(Stopwatch.GetTimestamp());
    }

    public void Wake()
    {
        ulong one = 1;
        Libc.Write(_wake, &one, sizeof(ulong));
    }

    public void Dispose()
    {
        foreach (var socket in _byFile)
            if (socket is not null) Libc.Close(socket.Handle);
        Libc.Close(_wake);
        Libc.Close(_epoll);
        foreach (nint block in _blocks) NativeMemory.Free((void*)block);
        _blocks.Clear();
    }

    // Unless it is told otherwise, Linux wakes a thread up to 50 us late, to save wake-ups of its own.
    private void Sleep(TimeSpan time)
    {
        if (!_sleepsExactly) _ = Libc.Control(Libc.PrSetTimerSlack, 1000);
        _sleepsExactly = true;
        Libc.Sleep(time);
    }

    private int WaitForEvents(TimeSpan most)
    {
        if (_waitsExactly && most > TimeSpan.Zero && most < Coarse)
        {
            long* time = stackalloc long[] { 0, (long)most.TotalNanoseconds };
            int count = Libc.EpollWaitExactly(_epoll, _events, MaxEvents, time, null, 0);
            if (count >= 0 || Marshal.GetLastPInvokeError() is not (Libc.Enosys or Libc.Eperm)) return count;
            _waitsExactly = false;
        }

        return Libc.EpollWait(_epoll, _events, MaxEvents, (int)Math.Ceiling(most.TotalMilliseconds));
    }

    private bool Watch(int file)
    {
        byte* change = stackalloc byte[16];
        *(uint*)change = Libc.EpollIn;
        *(long*)(change + _eventSize - sizeof(long)) = file;
        return Libc.EpollCtl(_epoll, Libc.EpollCtlAdd, file, change) == 0;
    }

    private void Clear()
    {
        ulong count;
        Libc.Read(_wake, &count, sizeof(ulong));
    }

    // Beyond the system's limit only root may go; else as far as it lets us.
    private static void GrowBuffers(int file)
    {
        Libc.Set(file, Libc.SolSocket, Libc.SoRcvBuf, ListenerBufferBytes);
        Libc.Set(file, Libc.SolSocket, Libc.SoSndBuf, ListenerBufferBytes);
        Libc.Set(file, Libc.SolSocket, Libc.SoRcvBufForce, ListenerBufferBytes);
        Libc.Set(file, Libc.SolSocket, Libc.SoSndBufForce, ListenerBufferBytes);
    }

    private static uint WriteName(byte* name, TransportAddress address)
    {
        new Span<byte>(name, NameLength).Clear();
        *(ushort*)name = (ushort)(address.IsIPv4 ? Libc.AfInet : Libc.AfInet6);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(name + 2, 2), address.Port);
        address.WriteAddress(new Span<byte>(name + (address.IsIPv4 ? 4 : 8), 16));
        return address.IsIPv4 ? 16u : NameLength;
    }

    private static TransportAddress ReadName(byte* name)
    {
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(name + 2, 2));
        return *(ushort*)name == Libc.AfInet
            ? TransportAddress.FromIPv4(new ReadOnlySpan<byte>(name + 4, 4), port)
            : TransportAddress.FromIPv6(new ReadOnlySpan<byte>(name + 8, 16), port);
    }
}
