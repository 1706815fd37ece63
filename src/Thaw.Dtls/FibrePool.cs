using System.Collections.Concurrent;

namespace Thaw.Dtls;

/// <summary>Fibres for the handshakes in flight: at most <paramref name="limit"/>, of which a few stay when idle.</summary>
internal sealed class FibrePool(int limit) : IDisposable
{
    private const int KeptIdle = 4; // 36 KiB each; a burst's other threads end with the burst

    private readonly ConcurrentStack<Fibre> _idle = new();
    private int _inUse;
    private int _threads;
    private volatile bool _disposed;

    public int InUse => Volatile.Read(ref _inUse);

    /// <summary>Threads alive, idle ones included.</summary>
    public int Threads => Volatile.Read(ref _threads);

    /// <summary>Null while the limit of handshakes is in flight.</summary>
    public Fibre? TryRent()
    {
        if (Interlocked.Increment(ref _inUse) > limit)
        {
            Interlocked.Decrement(ref _inUse);
            return null;
        }

        if (_idle.TryPop(out var fibre)) return fibre;
        Interlocked.Increment(ref _threads);
        return new Fibre(() => Interlocked.Decrement(ref _threads));
    }

    public void Return(Fibre fibre)
    {
        if (_disposed || _idle.Count >= KeptIdle) fibre.Dispose();
        else _idle.Push(fibre);
        Interlocked.Decrement(ref _inUse);
        if (_disposed) Drain();
    }

    public void Dispose()
    {
        _disposed = true;
        Drain();
    }

    private void Drain()
    {
        while (_idle.TryPop(out var fibre)) fibre.Dispose();
    }
}
