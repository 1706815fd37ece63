using System.Runtime.InteropServices;

namespace Thaw.Relay.Udp;

/// <summary>
/// File descriptors, of which every relayed address and every stream takes one. The runtime needs some itself and dies
/// where it gets none, for instance to start a thread; so the last are never given away.
/// </summary>
internal static partial class Files
{
    private const int Reserve = 64;
    private const int RLimitNoFile = 7; // on Linux

    /// <param name="newest">The number of the one that was opened just now: the system gives the lowest that is free.</param>
    public static bool AreScarce(nint newest)
        => OperatingSystem.IsLinux() && nint.Size == 8 && GetRLimit(RLimitNoFile, out var limit) == 0 && (ulong)newest + Reserve >= limit.Soft;

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetRLimit(int resource, out RLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct RLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
