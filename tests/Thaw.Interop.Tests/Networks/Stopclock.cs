using System.Diagnostics;
using System.Globalization;

namespace Thaw.Interop.Tests.Networks;

/// <summary>
/// How long something took, and for how much of that some process of this machine waited for a processor (Linux's pressure
/// stall information): a budget for a network is not for that. On a machine with nothing else to do it is next to nothing.
/// </summary>
internal sealed class Stopclock
{
    private readonly long _began = Stopwatch.GetTimestamp(), _stalled = Stalled();

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);

    public TimeSpan Starved => TimeSpan.FromMicroseconds(Stalled() - _stalled);

    // "some avg10=… avg60=… avg300=… total=MICROSECONDS"
    private static long Stalled()
    {
        try
        {
            string some = File.ReadLines("/proc/pressure/cpu").First();
            return long.Parse(some.AsSpan(some.IndexOf("total=", StringComparison.Ordinal) + 6), NumberStyles.None, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0; // a kernel without it
        }
    }
}
