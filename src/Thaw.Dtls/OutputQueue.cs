using Thaw.Protocol;

namespace Thaw.Dtls;

/// <summary>What one input made the engine say, in order, until it is polled.</summary>
internal sealed class OutputQueue
{
    private const int Limit = 256; // an owner that polls after each input never has a tenth of it waiting

    private readonly Queue<(OutputKind Kind, byte[]? Payload, object? Value)> _pending = new();

    public void Transmit(ReadOnlySpan<byte> datagram) => Add(OutputKind.Transmit, datagram);
    public void Data(ReadOnlySpan<byte> plaintext) => Add(OutputKind.Data, plaintext);
    public void Event(object value) => _pending.Enqueue((OutputKind.Event, null, value));

    public void Observe(Observation value)
    {
        if (_pending.Count < Limit) _pending.Enqueue((OutputKind.Observation, null, value));
    }

    public void Clear() => _pending.Clear();

    public Output Poll(Instant wakeAt) => !_pending.TryDequeue(out var next) ? Output.Idle(wakeAt) : next.Kind switch
    {
        OutputKind.Transmit => Output.Transmit(next.Payload),
        OutputKind.Data => Output.Data(next.Payload),
        OutputKind.Event => Output.Event(next.Value!),
        _ => Output.Observation((Observation)next.Value!),
    };

    private void Add(OutputKind kind, ReadOnlySpan<byte> payload)
    {
        if (_pending.Count < Limit) _pending.Enqueue((kind, payload.ToArray(), null));
    }
}
