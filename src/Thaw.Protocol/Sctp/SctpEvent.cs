namespace Thaw.Protocol.Sctp;

/// <summary>What the layer above an association must act on.</summary>
public abstract record SctpEvent
{
    private SctpEvent() { }

    /// <summary>The handshake is complete.</summary>
    /// <param name="OutboundStreams">Streams 0 to this number less one may be sent on.</param>
    public sealed record Established(int OutboundStreams) : SctpEvent;

    public sealed record Message(ushort Stream, uint Ppid, byte[] Data) : SctpEvent;

    /// <summary>The peer reset a stream that it sends on: it sends no more there until it begins anew.</summary>
    public sealed record IncomingStreamReset(ushort Stream) : SctpEvent;

    /// <summary>The peer answered our reset request: the stream may be sent on again.</summary>
    public sealed record OutgoingStreamReset(ushort Stream) : SctpEvent;

    /// <summary>Terminal.</summary>
    public sealed record Failed(SctpFailure Reason, string Detail) : SctpEvent;

    /// <summary>Terminal: both sides completed the SHUTDOWN sequence.</summary>
    public sealed record Ended : SctpEvent;
}

public enum SctpFailure { HandshakeTimedOut, PeerUnreachable, AbortedByPeer, ProtocolViolation, MessageTooLarge, OutOfResources }

/// <summary>How hard a message is tried (RFC 3758, RFC 8832 §5.1). The default is reliable and ordered.</summary>
/// <param name="Unordered">May overtake other messages of its stream.</param>
/// <param name="MaxRetransmits">Given up after so many retransmissions.</param>
/// <param name="Lifetime">Given up so long after it was queued.</param>
public readonly record struct ChannelReliability(bool Unordered = false, int? MaxRetransmits = null, TimeSpan? Lifetime = null);
