using Thaw.Protocol.Turn;

namespace Thaw.Relay;

public sealed partial class RelayHost
{
    private readonly Lock _reloading = new();

    /// <summary>
    /// Other users, secrets, keys, limits and peer rules while calls go on: every loop takes them between two packets. What
    /// clients hold already stays: see <see cref="TurnServer.Reload"/>.
    /// </summary>
    /// <exception cref="RelayHostException">They contradict each other; what was before is still in force.</exception>
    public void Reload(TurnServerOptions options)
    {
        lock (_reloading)
        {
            TurnServerOptions fresh;
            try
            {
                fresh = TurnServer.Check(Server, options with { Policy = options.Policy.With([], OwnAddresses.Rules(_listen)) });
            }
            catch (ArgumentException e)
            {
                throw new RelayHostException(e.Message, e);
            }

            Server = fresh;
            for (int i = 0; i < _loops.Length; i++) _loops[i].Reload(OfLoop(fresh, i, _loops.Length));
        }
    }

    /// <summary>No new allocations from now on; those that live go on.</summary>
    public void Drain()
    {
        IsDraining = true;
        foreach (var loop in _loops) loop.Drain();
    }

    public bool IsDraining { get; private set; }

    /// <summary>No new allocations; ends when the last one has, or at the deadline, which may be <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public async Task DrainAsync(TimeSpan deadline)
    {
        Drain();
        for (var waited = TimeSpan.Zero; (deadline < TimeSpan.Zero || waited < deadline) && !_loops.All(loop => loop.IsDrained); waited += DrainPace)
            await Task.Delay(DrainPace);
    }
}
