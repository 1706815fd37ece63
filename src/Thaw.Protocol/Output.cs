namespace Thaw.Protocol;

public enum OutputKind
{
    Idle,        // nothing more until WakeAt or the next input
    Transmit,    // Payload goes from Source to Destination
    Delivery,    // Payload came from Source to Destination, a relayed address of ours: the host routes it like a datagram
    Media,       // one RTP packet's Packet and Payload arrived
    Data,        // bytes for the layer above (DTLS application data)
    Event,       // Value is the machine's typed event
    Observation, // Value is an Observation
}

/// <summary>What a machine wants next. Only one kind at a time; <see cref="OutputKind.Idle"/> ends the drain.</summary>
public readonly ref struct Output
{
    /// <summary>The poll buffer's least length: one unfragmented datagram on any path that WebRTC uses.</summary>
    public const int BufferLength = 2048;

    private Output(OutputKind kind) => Kind = kind;

    public OutputKind Kind { get; }
    public Instant WakeAt { get; private init; }

    /// <summary>The local base. Default where a machine has no addresses of its own (DTLS, SCTP).</summary>
    public TransportAddress Source { get; private init; }
    public TransportAddress Destination { get; private init; }
    public ReadOnlySpan<byte> Payload { get; private init; }
    public MediaPacket Packet { get; private init; }
    public object? Value { get; private init; }

    /// <summary>Of what is transmitted: no router may cut it up (RFC 8656 §14.8). Hosts that cannot set the bit send without it.</summary>
    public bool DontFragment { get; private init; }

    public static Output Idle(Instant wakeAt) => new(OutputKind.Idle) { WakeAt = wakeAt };
    public static Output Transmit(ReadOnlySpan<byte> payload) => new(OutputKind.Transmit) { Payload = payload };
    public static Output Transmit(TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> payload, bool dontFragment = false)
        => new(OutputKind.Transmit) { Source = source, Destination = destination, Payload = payload, DontFragment = dontFragment };
    public static Output Delivery(TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> payload)
        => new(OutputKind.Delivery) { Source = source, Destination = destination, Payload = payload };
    public static Output Media(scoped in MediaPacket packet, ReadOnlySpan<byte> payload)
        => new(OutputKind.Media) { Packet = packet, Payload = payload };
    public static Output Data(ReadOnlySpan<byte> payload) => new(OutputKind.Data) { Payload = payload };
    public static Output Event(object value) => new(OutputKind.Event) { Value = value };
    public static Output Observation(Observation value) => new(OutputKind.Observation) { Value = value };
}

/// <summary>The RTP header fields that media needs (RFC 3550 §5.1), without the packet.</summary>
/// <param name="PayloadType">0–127, as negotiated.</param>
/// <param name="Timestamp">In units of the codec's RTP clock.</param>
public readonly record struct MediaPacket(uint Ssrc, byte PayloadType, ushort SequenceNumber, uint Timestamp, bool Marker);
