namespace Thaw.Protocol.Turn;

/// <summary>
/// Packets between an input and the poll that follows it. Its memory is made once: nothing is allocated for a packet.
/// </summary>
internal sealed class PacketRing
{
    private const int Slots = 16;

    private readonly byte[] _memory = new byte[Slots * Output.BufferLength];
    private readonly (OutputKind Kind, TransportAddress Source, TransportAddress Destination, int Length)[] _slots
        = new (OutputKind, TransportAddress, TransportAddress, int)[Slots];
    private int _first, _count;

    public bool IsEmpty => _count == 0;

    /// <summary>Room for one packet, or empty if the owner has not been polled for long.</summary>
    public Span<byte> Reserve() => _count == Slots ? default : MemoryOf((_first + _count) % Slots);

    /// <summary>Appends the packet that was written into <see cref="Reserve"/>'s room.</summary>
    public void Add(OutputKind kind, TransportAddress source, TransportAddress destination, int length)
        => _slots[(_first + _count++) % Slots] = (kind, source, destination, length);

    public bool TryTake(out Output output)
    {
        output = default;
        if (_count == 0) return false;

        var (kind, source, destination, length) = _slots[_first];
        var payload = MemoryOf(_first)[..length];
        _first = (_first + 1) % Slots;
        _count--;
        output = kind is OutputKind.Delivery ? Output.Delivery(source, destination, payload) : Output.Transmit(source, destination, payload);
        return true;
    }

    public void Clear() => _count = 0;

    private Span<byte> MemoryOf(int slot) => _memory.AsSpan(slot * Output.BufferLength, Output.BufferLength);
}
