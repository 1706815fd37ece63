using System.Globalization;
using System.Runtime.InteropServices;

namespace Thaw.Relay.Watch;

/// <summary>What a thread has cost, as the kernel counts it: read when somebody asks, so that the thread pays nothing.</summary>
internal sealed partial class ThreadCosts
{
    private readonly string? _file;

    private ThreadCosts(string? file) => _file = file;

    public static ThreadCosts OfThisThread() => new(OperatingSystem.IsLinux() ? $"/proc/self/task/{gettid()}/schedstat" : null);

    /// <returns>Null where the system does not say. Else how long it ran, and how long it wanted to and had no processor.</returns>
    public (TimeSpan Ran, TimeSpan Waited)? Read()
    {
        try
        {
            // The time on a processor and that in its queue, in nanoseconds; then a count.
            return _file is not null && File.ReadAllText(_file).Split(' ') is [var ran, var waited, ..] ? (Nanoseconds(ran), Nanoseconds(waited)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null; // the thread has ended, or the kernel keeps no such account
        }
    }

    private static TimeSpan Nanoseconds(string text) => TimeSpan.FromTicks(long.Parse(text, CultureInfo.InvariantCulture) / TimeSpan.NanosecondsPerTick);

    [LibraryImport("libc")]
    private static partial int gettid();
}
