using System.Runtime.InteropServices;

namespace Thaw.Relay.Udp;

/// <summary>What 64-bit Linux has and the base library does not: many datagrams a call, segmentation, epoll.</summary>
internal static unsafe partial class Libc
{
    public const int AfInet = 2, AfInet6 = 10;
    public const int SockDgram = 2, SockNonBlock = 0x800, SockCloExec = 0x80000;
    public const int SolSocket = 1, SoSndBuf = 7, SoRcvBuf = 8, SoReusePort = 15, SoSndBufForce = 32, SoRcvBufForce = 33;
    public const int IpProtoIPv6 = 41, IPv6Only = 26;
    public const int SolUdp = 17, UdpSegment = 103, UdpGro = 104;
    public const int MsgDontWait = 0x40, MsgTrunc = 0x20, MsgErrQueue = 0x2000;
    public const int IpProtoIP = 0, IpMtuDiscover = 10, IpRecvErr = 11;
    public const int IPv6MtuDiscover = 23, IPv6RecvErr = 25;
    public const int PathMtuWant = 1, PathMtuDo = 2; // the system's default; DF on everything
    public const int EpollCloExec = 0x80000, EpollCtlAdd = 1, EpollIn = 1, EpollErr = 8;
    public const int PrSetTimerSlack = 29; // nanoseconds
    public const int EfdNonBlock = 0x800, EfdCloExec = 0x80000;
    public const int Eperm = 1, Eintr = 4, Eio = 5, Eagain = 11, Einval = 22, Enosys = 38, Emsgsize = 90;

    [StructLayout(LayoutKind.Sequential)]
    public struct IoVec
    {
        public byte* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct MsgHdr
    {
        public byte* Name;
        public uint NameLength;
        public IoVec* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct MMsgHdr
    {
        public MsgHdr Header;
        public uint Length;
    }

    // struct cmsghdr with the two bytes of UDP_SEGMENT or the four of UDP_GRO, as CMSG_SPACE pads it.
    [StructLayout(LayoutKind.Sequential, Size = 24)]
    public struct SegmentControl
    {
        public nuint Length;
        public int Level;
        public int Type;
        public ushort Segment;

        public const int Used = 18;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct ControlHeader // struct cmsghdr
    {
        public nuint Length;
        public int Level;
        public int Type;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct ExtendedError // struct sock_extended_err
    {
        public uint Error;
        public byte Origin;
        public byte Type;
        public byte Code;
        public byte Padding;
        public uint Info;
        public uint Data;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "getsockname", SetLastError = true)]
    public static partial int GetSockName(int socket, byte* address, uint* length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSockOpt(int socket, int level, int name, int* value, uint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFile(int file);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(long* time, long* left);

    [LibraryImport("libc", EntryPoint = "prctl")]
    public static partial int Control(int option, nuint value);

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    public static partial int RecvMMsg(int socket, MMsgHdr* messages, uint count, int flags, nint timeout);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    public static partial nint SendTo(int socket, byte* bytes, nuint count, int flags, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    public static partial int SendMMsg(int socket, MMsgHdr* messages, uint count, int flags);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    // struct epoll_event is packed on x86-64 only: 12 bytes there, 16 elsewhere.
    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollCtl(int epoll, int operation, int file, byte* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    public static partial int EpollWaitExactly(int epoll, byte* events, int most, long* time, void* signals, nuint size);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int file, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int file, void* buffer, nuint count);

    /// <summary>Whatever it says, the file is closed.</summary>
    public static void Close(int file) => _ = CloseFile(file);

    public static void Sleep(TimeSpan time)
    {
        long* parts = stackalloc long[] { (long)time.TotalSeconds, (long)(time.TotalNanoseconds % 1e9) };
        _ = NanoSleep(parts, null); // a signal makes it shorter, which does no harm
    }

    public static void Set(int socket, int level, int name, int value) => SetSockOpt(socket, level, name, &value, sizeof(int));
}
