namespace Thaw.Protocol;

/// <summary>One datagram as it crossed the edge of the process. The payload is only lent.</summary>
public readonly ref struct Datagram(TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> payload)
{
    public TransportAddress Source { get; } = source;
    public TransportAddress Destination { get; } = destination;
    public ReadOnlySpan<byte> Payload { get; } = payload;
}

/// <summary>
/// The one contract between protocol and world: feed one input, then poll until Idle.
/// The socket loop, the simulator, the fuzzer and the replay tool all drive exactly these three members.
/// </summary>
public interface IMachine
{
    /// <summary>A datagram arrived. Never throws, whatever its bytes.</summary>
    void Receive(in Datagram datagram, Instant now);

    /// <summary>Time has passed: acts on every deadline at or before <paramref name="now"/>.</summary>
    void Advance(Instant now);

    /// <summary>Takes the next output. Its spans are lent until the next call on this machine.</summary>
    /// <param name="buffer">Room for one datagram, at least <see cref="Output.BufferLength"/> bytes.</param>
    Output Poll(Span<byte> buffer, Instant now);
}
