namespace Thaw.Voice.Relaying;

/// <summary>The TURN server inside of <c>thaw serve</c>, which leads to that server only.</summary>
public sealed record EmbeddedRelayOptions
{
    /// <summary>UDP and TCP; 0 takes a free one, and so does any other that is taken.</summary>
    public ushort Port { get; init; } = 3478; // RFC 8656 §17
}
