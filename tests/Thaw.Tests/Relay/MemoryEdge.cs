using Thaw.Protocol;
using Thaw.Relay.Udp;

namespace Thaw.Tests.Relay;

/// <summary>Sockets that are only numbers, for a loop that turns when it is woken and never by the clock.</summary>
internal sealed class MemoryEdge : IDatagramEdge
{
    private readonly AutoResetEvent _woken = new(false);
    private volatile bool _isBroken;
    private int _lastHandle;

    /// <summary>Ports that another program has.</summary>
    public bool RefusesPorts { get; set; }

    public long Lost { get; set; }

    public EdgeSocket? TryOpen(TransportAddress local, EdgeUse use) => RefusesPorts ? null : new EdgeSocket(++_lastHandle, local);

    public void Close(EdgeSocket socket) { }

    public void Receive(TimeSpan most, Arrival arrival)
    {
        Turns++;
        if (most > TimeSpan.Zero) _woken.WaitOne();
        if (_isBroken) throw new InvalidOperationException("A bug.");
    }

    public void Wake() => _woken.Set();

    public void Crash()
    {
        _isBroken = true;
        Wake();
    }

    public long Turns { get; private set; }

    public void Send(EdgeSocket from, TransportAddress to, ReadOnlySpan<byte> payload, bool dontFragment = false) { }

    public void Flush() { }

    public void Dispose() => _woken.Dispose();
}
