using Thaw.Protocol;

namespace Thaw.Relay.Udp;

/// <param name="room">The payload is at <see cref="DatagramRoom.Before"/>; what is around it may be written on, until the next call.</param>
internal delegate void Arrival(EdgeSocket socket, TransportAddress source, Span<byte> room, int length);

/// <summary>An ICMP message about what <paramref name="socket"/> sent to <paramref name="peer"/>.</summary>
/// <param name="data">The next hop's MTU, where it is about that.</param>
internal delegate void IcmpArrival(EdgeSocket socket, TransportAddress peer, byte type, byte code, uint data);

/// <summary>Bytes around a received datagram, for a header and for padding.</summary>
internal static class DatagramRoom
{
    public const int Before = 64, After = 8;

    /// <summary>Longer ones are dropped: no path that WebRTC uses carries them unfragmented.</summary>
    public const int MaxDatagram = 4096;

    public const int Size = Before + MaxDatagram + After;
}

/// <summary>
/// All UDP sockets of one loop, which alone calls it, but for <see cref="Wake"/>. What is sent leaves at
/// <see cref="Flush"/> at the latest.
/// </summary>
internal interface IDatagramEdge : IDisposable
{
    /// <summary>Datagrams that the system did not take.</summary>
    long Lost { get; }

    /// <summary>How often <see cref="Receive"/> has waited: within one turn it is all the same moment.</summary>
    long Turns { get; }

    /// <returns>Null where the address cannot be bound.</returns>
    EdgeSocket? TryOpen(TransportAddress local, EdgeUse use);

    void Close(EdgeSocket socket);

    /// <summary>Waits until something arrives, <see cref="Wake"/> or the time is over; then hands on what is there.</summary>
    void Receive(TimeSpan most, Arrival arrival);

    /// <summary>From any thread: ends the wait.</summary>
    void Wake();

    /// <param name="dontFragment">Sets the DF bit, where the system lets us.</param>
    void Send(EdgeSocket from, TransportAddress to, ReadOnlySpan<byte> payload, bool dontFragment = false);

    void Flush();
}

internal enum EdgeUse
{
    Relay,
    Listener,       // a large buffer; alone on its port
    SharedListener, // one of several on one port, among which the system spreads the clients
}
