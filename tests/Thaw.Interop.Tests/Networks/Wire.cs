using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Thaw.Interop.Tests.Networks;

/// <summary>
/// A long cable: what goes in at one end comes out at the other after a while, in order. Two TUN devices and a delay between
/// them, because not every kernel has netem.
/// </summary>
internal sealed partial class Wire : IAsyncDisposable
{
    // linux/if_tun.h, linux/if.h, asm-generic/fcntl.h, poll.h
    private const nuint SetInterface = 0x400454ca;
    private const short Tun = 0x0001, NoPacketInformation = 0x1000, Readable = 0x0001;
    private const int ReadWrite = 2, CloseOnExec = 0x80000, NameLength = 16, RequestLength = 40, LongestPacket = 2048, QueueLimit = 10_000, PollMilliseconds = 100;

    private readonly int[] _ends;
    private readonly TimeSpan _delay;
    private readonly Task[] _carrying;
    private volatile bool _cut;

    private Wire(int[] ends, TimeSpan delay)
    {
        (_ends, _delay) = (ends, delay);
        _carrying = [CarryAsync(ends[0], ends[1]), CarryAsync(ends[1], ends[0])];
    }

    public static async Task<Wire> LayAsync(NetworkNamespace one, string device, NetworkNamespace other, string itsDevice, TimeSpan delay)
    {
        int first = await one.InsideAsync(() => Open(device));
        return new([first, await other.InsideAsync(() => Open(itsDevice))], delay);
    }

    public async ValueTask DisposeAsync()
    {
        _cut = true;
        await Task.WhenAll(_carrying);
        foreach (int end in _ends) _ = close(end);
    }

    private Task CarryAsync(int from, int to)
    {
        var under = new BlockingCollection<(long Sent, byte[] Packet)>(QueueLimit);
        var taking = Task.Factory.StartNew(() => Take(from, under), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var giving = Task.Factory.StartNew(() => Give(to, under), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return Task.WhenAll(taking, giving);
    }

    private void Take(int from, BlockingCollection<(long, byte[])> under)
    {
        byte[] buffer = new byte[LongestPacket];
        while (!_cut)
        {
            var wanted = new Poll { File = from, Events = Readable };
            if (poll(ref wanted, 1, PollMilliseconds) <= 0) continue;
            nint length = read(from, buffer, LongestPacket);
            if (length > 0) under.TryAdd((Stopwatch.GetTimestamp(), buffer[..(int)length])); // a full wire drops
        }

        under.CompleteAdding();
    }

    private void Give(int to, BlockingCollection<(long Sent, byte[] Packet)> under)
    {
        foreach (var (sent, packet) in under.GetConsumingEnumerable())
        {
            var left = _delay - Stopwatch.GetElapsedTime(sent);
            if (left > TimeSpan.Zero) Thread.Sleep(left);
            _ = write(to, packet, packet.Length);
        }
    }

    private static int Open(string device)
    {
        int file = open("/dev/net/tun", ReadWrite | CloseOnExec);
        if (file < 0) throw new InvalidOperationException($"/dev/net/tun: error {Marshal.GetLastPInvokeError()}");
        byte[] request = new byte[RequestLength];
        Encoding.ASCII.GetBytes(device, request);
        BitConverter.TryWriteBytes(request.AsSpan(NameLength), (short)(Tun | NoPacketInformation));
        if (ioctl(file, SetInterface, request) < 0) throw new InvalidOperationException($"TUNSETIFF {device}: error {Marshal.GetLastPInvokeError()}");
        return file;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int file, nuint request, byte[] argument);

    [LibraryImport("libc")]
    private static partial int poll(ref Poll wanted, nuint count, int milliseconds);

    [LibraryImport("libc")]
    private static partial nint read(int file, byte[] buffer, nint length);

    [LibraryImport("libc")]
    private static partial nint write(int file, byte[] buffer, nint length);

    [LibraryImport("libc")]
    private static partial int close(int file);

    [StructLayout(LayoutKind.Sequential)]
    private struct Poll
    {
        public int File;
        public short Events;
        public short Happened;
    }
}
