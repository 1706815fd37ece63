using System.Runtime.InteropServices;
using Thaw.Relay;

namespace Thaw.Cli.Verbs;

/// <summary>
/// SIGINT and SIGTERM stop, the second time at once; SIGHUP reads the files anew; SIGUSR1 takes no new allocations and stops when
/// the last has ended.
/// </summary>
internal sealed class RelaySignals : IDisposable
{
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PosixSignalRegistration> _registrations;
    private volatile Action? _reload;
    private volatile Action? _drain;
    private int _stops;

    public RelaySignals()
    {
        _registrations = [On(PosixSignal.SIGINT, Stop), On(PosixSignal.SIGTERM, Stop)];
        if (OperatingSystem.IsWindows()) return;
        _registrations.Add(On(PosixSignal.SIGHUP, () => _reload?.Invoke()));
        _registrations.Add(On(SigUsr1, () => _drain?.Invoke()));
    }

    // .NET has no name for it, and the systems no common number.
    private static PosixSignal SigUsr1 => (PosixSignal)(OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 10 : 30);

    public Task UntilStoppedAsync(RelayHost host, RelayReload reload, RelayLog log)
    {
        int drains = 0;
        _drain = () =>
        {
            if (Interlocked.Exchange(ref drains, 1) == 0) _ = DrainAsync();
        };
        _reload = reload.Now;
        return _stop.Task;

        async Task DrainAsync()
        {
            log.Say("draining", $"no new allocations; {host.AllocationCount} to go, then it stops");
            await host.DrainAsync(Timeout.InfiniteTimeSpan);
            log.Say("drained", "the last allocation has ended");
            _stop.TrySetResult();
        }
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }

    private void Stop()
    {
        _stop.TrySetResult();
        if (Interlocked.Increment(ref _stops) > 1) Environment.Exit(ExitCode.Interrupted); // the second time means now
    }

    private static PosixSignalRegistration On(PosixSignal signal, Action act) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        act();
    });
}
