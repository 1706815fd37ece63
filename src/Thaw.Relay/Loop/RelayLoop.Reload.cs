using Thaw.Protocol.Turn;

namespace Thaw.Relay.Loop;

internal sealed partial class RelayLoop
{
    private TurnServerOptions? _reloaded;

    /// <summary>From any thread: the server has them before its next input. Whoever reloads twice at once has the later.</summary>
    public void Reload(TurnServerOptions options)
    {
        Volatile.Write(ref _reloaded, options);
        _edge.Wake();
    }

    /// <summary>No new allocation can come any more, and the last has ended; or the loop has.</summary>
    public bool IsDrained => (_isDrainSeen && _allocations == 0) || _ended.Task.IsCompleted;

    private void TakeOrders()
    {
        if (_draining && !Server.IsDraining) Server.IsDraining = true;
        if (Volatile.Read(ref _reloaded) is null || Interlocked.Exchange(ref _reloaded, null) is not { } fresh) return;
        Server.Reload(fresh, _now);
        DrainServer();
    }
}
